//! The way to the service: TLS, an authority of one's own, a proxy.

use test_support::{Authority, Outcome};

use crate::service::Service;
use crate::{CHECK, site};

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    let authority = Authority::new();
    let service = Service::with_tls(&authority.issue("localhost", 2020, 4000));
    let url = format!("https://localhost:{}/{CHECK}", service.address().port());
    let mut site = site();
    let outcome = site.run(&["--ping-url", &url]).expect(0);
    let unknown = outcome.stderr.matches("TLS failed: ").count();
    assert_eq!(unknown, 2, "{}", outcome.stderr);
    assert!(service.pings().is_empty());

    site.set_ca_file(authority.pem());
    let outcome = site.run(&["--ping-url", &url]).expect(0);
    assert!(!outcome.stderr.contains("level=warn"), "{}", outcome.stderr);
    assert_eq!(service.paths(), ["start", "0"]);
}

#[test]
fn a_proxy_is_used_for_the_service_while_the_api_is_on_this_machine() {
    let (site, proxy) = (site(), Service::content());
    let url = format!("http://hc.example.com/{CHECK}");
    let mut command = site.command(["run", "--allow-http", "--ping-url", &url]);
    command.env("http_proxy", format!("http://{}", proxy.address()));
    Outcome::of(command.output().unwrap()).expect(0);
    let lines: Vec<String> = proxy
        .pings()
        .into_iter()
        .map(|ping| ping.line.split('?').next().unwrap().to_owned())
        .collect();
    let tunnel = "CONNECT hc.example.com:80 HTTP/1.1".to_owned();
    let (start, end) = (format!("POST /{CHECK}/start"), format!("POST /{CHECK}/0"));
    assert_eq!(lines.first(), Some(&tunnel));
    let pings: Vec<&String> = lines.iter().filter(|line| **line != tunnel).collect();
    assert_eq!(pings, [&start, &end]);
}

#[test]
fn a_proxy_variable_that_is_none_costs_one_line() {
    let site = site();
    let mut command = site.command(["run", "--ping-url", "https://hc.example.com/hush"]);
    command.env("HTTPS_PROXY", "socks5://127.0.0.1:1");
    let outcome = Outcome::of(command.output().unwrap()).expect(0);
    let told = "the monitoring service is not told of this run";
    assert_eq!(
        outcome.stderr.matches(told).count(),
        1,
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("hush"));
}
