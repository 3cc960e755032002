//! The program at a terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::client::{Client, call, call_data, upload};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reference-api"))
}

/// Ends the program when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(directory: &TempDir, arguments: &[&str]) -> (Running, String) {
    let mut child = program()
        .arg("--store")
        .arg(directory.path().join("store"))
        .arg("--port-file")
        .arg(directory.path().join("port"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (Running(child), line)
}

#[test]
fn it_listens_receives_stops_and_shows() {
    let directory = TempDir::new().unwrap();
    let token = directory.path().join("token");
    std::io::Write::write_all(&mut std::fs::File::create(&token).unwrap(), b"t0ken\n").unwrap();
    let arguments = [
        "--token-file",
        token.to_str().unwrap(),
        "--fault",
        "upload:2:status=500",
        "--rate",
        "100/min,1000/h",
        "--exit-with-stdin",
    ];
    let (mut running, line) = start(&directory, &arguments);
    let port = std::fs::read_to_string(directory.path().join("port")).unwrap();
    let port: u16 = port.trim().parse().unwrap();
    assert_eq!(
        line,
        format!("listening on http://127.0.0.1:{port}/apis/api/public\n")
    );

    let mut client = Client::connect(([127, 0, 0, 1], port).into());
    let bearer = "Authorization: Bearer t0ken\r\n";
    let name = "number-_15550100-1761633666.ogg";
    assert_eq!(client.ask(upload(name, "hello", "")).status, 401);
    assert_eq!(client.ask(upload(name, "hello", bearer)).status, 500);
    assert_eq!(client.ask(upload(name, "hello", bearer)).status, 200);
    let mut body = call("CALL-1");
    body["caller"]["phoneNumber"] = "+15550100123".into();
    assert_eq!(client.ask(call_data(&body, bearer)).status, 200);
    let shown = show(&directory);
    drop(running.0.stdin.take());
    assert!(running.0.wait().unwrap().success());
    assert_eq!(client.rest().unwrap(), b"");

    assert_eq!(show(&directory), shown);
    for text in [
        "1 recordings",
        "2cf24dba5fb0",
        "••00-1761633666.ogg",
        "CALL-1",
        "http://crm.example/1.ogg",
    ] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    assert!(!shown.contains("15550100"), "{shown}");
}

fn show(directory: &TempDir) -> String {
    let output = program()
        .args(["show", "--store"])
        .arg(directory.path().join("store"))
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_stops_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let directory = TempDir::new().unwrap();
        let (mut running, _) = start(&directory, &[]);
        let id = running.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn wrong_arguments_are_explained() {
    for (arguments, text) in [
        (
            &["--store", "x", "--fault", "upload:1:explode"][..],
            "`explode` is no action",
        ),
        (&["--store", "x", "--rate", "5/day"], "`5/day` is no rate"),
        (&["--store", "x", "--tls-cert", "y"], "--tls-key"),
        (&[], "--store"),
        (&["show", "--store", "/nonexistent"], "received.sqlite"),
    ] {
        let output = program().args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(error.contains(text), "{text} in {error}");
    }
}
