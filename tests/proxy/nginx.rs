//! nginx in front of an API, as a child process with all its files in a temporary directory.
//!
//! It gets its listening sockets from the test, by the way in which one nginx hands them to the
//! next: so no port is ever chosen that somebody else may take, and a connection succeeds from the
//! first moment on. What it is doing it tells in its log, which is read while it is written.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use test_support::Issued;
use test_support::running::PATIENCE;

/// What a test wants otherwise than usual: lines of nginx's own settings, in which `API` stands for
/// the address of the API and `HOME` for the directory of nginx's files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    http: String,
    server: String,
    location: String,
    backend: Option<String>,
}

impl Settings {
    /// Lines for the block `http`.
    pub(crate) fn http(mut self, lines: &str) -> Self {
        self.http.push_str(lines);
        self
    }

    /// Lines for the server that the program talks to.
    pub(crate) fn server(mut self, lines: &str) -> Self {
        self.server.push_str(lines);
        self
    }

    /// Lines for the location that passes everything on to the API.
    pub(crate) fn location(mut self, lines: &str) -> Self {
        self.location.push_str(lines);
        self
    }

    /// Other lines for the block that names the API's servers.
    pub(crate) fn backend(mut self, lines: &str) -> Self {
        self.backend = Some(lines.to_owned());
        self
    }

    /// The whole of the settings. Each request that is passed on tells by which connection and
    /// which process it came.
    fn text(&self, home: &Path, api: &str, tls_port: u16, plain_port: u16) -> String {
        let user = if geteuid().is_root() {
            "user root;"
        } else {
            ""
        };
        let backend = self.backend.as_deref().unwrap_or("server API;");
        let Self {
            http,
            server,
            location,
            ..
        } = self;
        format!(
            r"daemon off; {user} worker_processes 1; pid nginx.pid; error_log stderr notice;
            events {{ worker_connections 64; }}
            http {{
                access_log off;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                client_max_body_size 0;
                upstream api {{ {backend} }}
                {http}
                server {{
                    listen 127.0.0.1:{tls_port} ssl;
                    listen 127.0.0.1:{plain_port};
                    server_name localhost;
                    ssl_certificate certificate.pem; ssl_certificate_key key.pem;
                    {server}
                    location / {{
                        proxy_pass http://api;
                        proxy_set_header X-Front-Connection $connection;
                        proxy_set_header X-Front-Process $pid;
                        proxy_set_header X-Front-Scheme $scheme;
                        {location}
                    }}
                }}
            }}
            "
        )
        .replace("API", api)
        .replace("HOME", home.to_str().unwrap())
    }
}

/// What it logs when a process begins to serve; that process's number follows.
const WORKER_STARTS: &str = "start worker process ";

/// What it has logged so far, and whether that was all.
type Log = Arc<(Mutex<(Vec<String>, bool)>, Condvar)>;

/// A running nginx. Stopped with its workers when it is dropped.
pub(crate) struct Nginx {
    master: Child,
    log: Log,
    home: TempDir,
    api: String,
    tls_port: u16,
    plain_port: u16,
}

impl Nginx {
    /// Starts it in front of the API at `api`, a host and a port.
    pub(crate) fn start(api: &str, issued: &Issued, settings: &Settings) -> Self {
        let home = TempDir::with_prefix("nginx-").unwrap();
        fs::write(home.path().join("certificate.pem"), &issued.certificate).unwrap();
        fs::write(home.path().join("key.pem"), &issued.key).unwrap();
        let (tls, plain) = (listener(), listener());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (tls_port, plain_port) = (port(&tls), port(&plain));
        let file = home.path().join("nginx.conf");
        fs::write(&file, settings.text(home.path(), api, tls_port, plain_port)).unwrap();
        let mut master = Command::new(program())
            .arg("-p")
            .arg(home.path())
            .arg("-c")
            .arg(&file)
            .args(["-e", "stderr"])
            .env_clear()
            .env("NGINX", "0;1;")
            .stdin(OwnedFd::from(tls))
            .stdout(OwnedFd::from(plain))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        let stderr = BufReader::new(master.stderr.take().unwrap());
        thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in stderr.lines() {
                    log.0.lock().unwrap().0.push(line.unwrap());
                    log.1.notify_all();
                }
                log.0.lock().unwrap().1 = true;
                log.1.notify_all();
            }
        });
        let nginx = Self {
            master,
            log,
            home,
            api: api.to_owned(),
            tls_port,
            plain_port,
        };
        nginx.wait_for(1, WORKER_STARTS);
        nginx
    }

    /// Host and port at which it speaks TLS.
    pub(crate) fn tls(&self) -> String {
        format!("localhost:{}", self.tls_port)
    }

    /// Host and port at which it does not.
    pub(crate) fn plain(&self) -> String {
        format!("localhost:{}", self.plain_port)
    }

    /// Gives it other settings, and waits until only they count for new connections.
    #[track_caller]
    pub(crate) fn reload(&self, settings: &Settings) {
        let text = settings.text(self.home.path(), &self.api, self.tls_port, self.plain_port);
        fs::write(self.home.path().join("nginx.conf"), text).unwrap();
        let lines = [WORKER_STARTS, "gracefully shutting down"].map(|line| {
            let count = self.count(line);
            (line, count)
        });
        self.signal(Signal::HUP);
        for (line, count) in lines {
            self.wait_for(count + 1, line);
        }
    }

    /// Kills the process that serves, and waits until another one does.
    #[track_caller]
    pub(crate) fn kill_worker(&self) {
        let started = self.count(WORKER_STARTS);
        let worker = self.lines().iter().rev().find_map(|line| {
            let (_, pid) = line.split_once(WORKER_STARTS)?;
            Pid::from_raw(pid.trim().parse().unwrap())
        });
        kill_process(worker.unwrap(), Signal::KILL).unwrap();
        self.wait_for(started + 1, WORKER_STARTS);
    }

    /// Stops it at once.
    pub(crate) fn stop(&mut self) {
        self.signal(Signal::TERM);
        self.master.wait().unwrap();
    }

    /// Lets it answer what it has and take nothing more; waits until it takes nothing more.
    #[track_caller]
    pub(crate) fn retire(&self) {
        self.signal(Signal::QUIT);
        self.wait_for(1, "gracefully shutting down");
        while std::net::TcpStream::connect(("127.0.0.1", self.tls_port)).is_ok() {}
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.master), signal).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        self.log.0.lock().unwrap().0.clone()
    }

    fn count(&self, text: &str) -> usize {
        count(&self.lines(), text)
    }

    /// Waits until so many lines of the log hold a text.
    #[track_caller]
    fn wait_for(&self, at_least: usize, text: &str) {
        let (log, changed) = &*self.log;
        let (log, _) = changed
            .wait_timeout_while(log.lock().unwrap(), PATIENCE, |(lines, ended)| {
                count(lines, text) < at_least && !*ended
            })
            .unwrap();
        assert!(
            count(&log.0, text) >= at_least,
            "no {text:?} in nginx's log:\n{}",
            log.0.join("\n")
        );
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A master that is told to end ends its workers first, and kills them if it must.
        if let Ok(None) = self.master.try_wait() {
            let _ = kill_process(Pid::from_child(&self.master), Signal::TERM);
            let _ = self.master.wait();
        }
    }
}

fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|line| line.contains(text)).count()
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// nginx itself: the system's, or one that is fetched once and kept with what is built.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/install.sh");
        let output = Command::new("sh")
            .arg(script)
            .arg(env!("CARGO_TARGET_TMPDIR"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}
