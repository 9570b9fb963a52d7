//! The floor is a proxy that works, or it would be no honest floor.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A floor in front of a port; it ends with the test.
struct Floor {
    process: Child,
    port: u16,
}

impl Floor {
    fn start(endpoint: u16) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_floor"))
            .args(["0", &endpoint.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let port = line.trim().strip_prefix("listening ").ok_or("no port")?.parse()?;
        Ok(Self { process, port })
    }

    fn dial(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(stream)
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_client_that_ended_its_half_gets_the_whole_answer_however_late_it_reads() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let floor = Floor::start(listener.local_addr()?.port())?;
    // Of several sizes, so that the endpoint's end comes before, while and after the client blocks.
    for size in [1, 300_000, 1_000_000, 3_000_000, 5_000_000, 20_000_000] {
        let mut client = floor.dial()?;
        let (mut endpoint, _) = listener.accept()?;
        let serving = thread::spawn(move || -> std::io::Result<usize> {
            let mut request = Vec::new();
            endpoint.read_to_end(&mut request)?;
            endpoint.write_all(&vec![7; size])?;
            Ok(request.len())
        });
        client.write_all(&vec![5; size])?;
        client.shutdown(Shutdown::Write)?;
        thread::sleep(Duration::from_millis(200));
        let mut answer = Vec::new();
        client.read_to_end(&mut answer)?;
        assert_eq!(answer.len(), size);
        assert_eq!(serving.join().map_err(|_| "the endpoint panicked")??, size);
    }
    Ok(())
}

#[test]
fn a_client_whose_endpoint_is_gone_is_closed() -> Result<(), Box<dyn Error>> {
    let gone = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let floor = Floor::start(gone)?;
    for _ in 0..3 {
        let mut client = floor.dial()?;
        let ended = client.read(&mut [0; 1]);
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
    Ok(())
}
