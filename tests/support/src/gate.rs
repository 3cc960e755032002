//! A gate in front of the API: what passes, and when, is the test's to say.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::site::Site;

/// Passes bytes between the program and the API. Ends with the test's process.
pub struct Gate {
    rules: Rules,
}

type Rules = Arc<(Mutex<Rule>, Condvar)>;

#[derive(Default)]
struct Rule {
    /// Nothing goes back to the program.
    answers_are_held: bool,
    /// Of each connection only so many bytes are taken.
    takes_at_most: Option<usize>,
    /// Of some connection so many were.
    is_full: bool,
}

impl Gate {
    /// Puts a gate in front of a site's API that holds its answers back.
    pub fn holding_answers(site: &mut Site) -> Self {
        Self::new(
            site,
            Rule {
                answers_are_held: true,
                ..Rule::default()
            },
        )
    }

    /// Puts a gate in front of a site's API that takes only so many bytes of each connection, and
    /// leaves the rest in the program's hands.
    pub fn taking(site: &mut Site, at_most: usize) -> Self {
        Self::new(
            site,
            Rule {
                takes_at_most: Some(at_most),
                ..Rule::default()
            },
        )
    }

    fn new(site: &mut Site, rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = site.api().addr();
        let gate = listener.local_addr().unwrap();
        let url = site.api().base_url();
        site.set_api_url(url.replace(&api.to_string(), &gate.to_string()));
        let rules: Rules = Arc::new((Mutex::new(rule), Condvar::new()));
        thread::spawn({
            let rules = Arc::clone(&rules);
            move || {
                for client in listener.incoming() {
                    pass(client.unwrap(), api, &rules);
                }
            }
        });
        Self { rules }
    }

    /// Waits until it has taken as much of a connection as it does.
    pub fn wait_until_full(&self) {
        wait_while(&self.rules, |rule| !rule.is_full);
    }

    /// Lets everything pass from now on.
    pub fn open(&self) {
        *self.rules.0.lock().unwrap() = Rule::default();
        self.rules.1.notify_all();
    }
}

fn pass(client: TcpStream, api: SocketAddr, rules: &Rules) {
    let Ok(server) = TcpStream::connect(api) else {
        return;
    };
    let (to_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn({
        let rules = Arc::clone(rules);
        move || {
            let mut taken = 0;
            relay(client, to_server, |count| {
                let is_full = |rule: &Rule| rule.takes_at_most.is_some_and(|most| taken >= most);
                {
                    let mut rule = rules.0.lock().unwrap();
                    rule.is_full |= is_full(&rule);
                }
                rules.1.notify_all();
                wait_while(&rules, is_full);
                taken += count;
            });
        }
    });
    thread::spawn({
        let rules = Arc::clone(rules);
        move || {
            relay(server, to_client, |_| {
                wait_while(&rules, |rule| rule.answers_are_held);
            });
        }
    });
}

fn wait_while(rules: &Rules, is_shut: impl Fn(&Rule) -> bool) {
    drop(
        rules
            .1
            .wait_while(rules.0.lock().unwrap(), |rule| is_shut(rule))
            .unwrap(),
    );
}

/// Passes bytes on, each lot only when it may, until either side ends.
fn relay(mut from: TcpStream, mut to: TcpStream, mut may_pass: impl FnMut(usize)) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        match from.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(count) => {
                may_pass(count);
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}
