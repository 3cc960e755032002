//! A web server that has one page, and counts who asks for what.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// A web server on loopback. It serves until the test's process ends.
pub(crate) struct PageServer {
    address: SocketAddr,
    paths: Arc<Mutex<Vec<String>>>,
}

impl PageServer {
    /// Serves a file as the page, as it stands now.
    pub(crate) fn start(file: &Path) -> Self {
        let page: Arc<[u8]> = std::fs::read(file).unwrap().into();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let paths = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&paths);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, page) = (Arc::clone(&asked), Arc::clone(&page));
                // Browsers open connections that they may not use.
                thread::spawn(move || answer(stream, &page, &asked));
            }
        });
        Self { address, paths }
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/page.html", self.address)
    }

    /// What was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, page: &[u8], asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let is_page = path == "/page.html";
    asked.lock().unwrap().push(path);
    let body = if is_page { page } else { &[] };
    let status = if is_page { "200 OK" } else { "404 Not Found" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // The browser may have gone away.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}
