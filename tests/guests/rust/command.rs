// A command: what it was handed, and what it was not. By the standard library, whose WASI is 0.2.
use std::io::{Read, Write};
use std::{env, fs, io, net, time};

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    println!("{:?} {:?}", words, env::var("A").ok());
    let mut said = String::new();
    io::stdin().read_to_string(&mut said).unwrap();
    println!("{} bytes of input", said.len());
    println!("{} s", time::SystemTime::now().duration_since(time::UNIX_EPOCH).unwrap().as_secs());
    for path in ["/data/text.txt", "/data/none", "/data/../../etc/passwd", "/etc/passwd"] {
        match fs::read_to_string(path) {
            Ok(text) => println!("{path}: {text:?}"),
            Err(error) => println!("{path}: {:?}", error.kind()),
        }
    }
    match fs::write("/data/new.txt", "from Rust") {
        Ok(()) => println!("written"),
        Err(error) => println!("write: {:?}", error.kind()),
    }
    let mut names: Vec<String> = fs::read_dir("/data")
        .map(|all| all.map(|each| each.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    println!("{names:?}");
    match words.get(1).map(net::TcpStream::connect) {
        Some(Ok(mut peer)) => {
            peer.write_all(b"hello").unwrap();
            peer.shutdown(net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            peer.read_to_string(&mut answer).unwrap();
            println!("answered: {answer}");
        }
        Some(Err(error)) => println!("connect: {:?}", error.kind()),
        None => (),
    }
    io::stderr().write_all(b"said on the other stream\n").unwrap();
    if words.first().map(String::as_str) == Some("panic") {
        panic!("on purpose");
    }
    std::process::exit(if words.first().map(String::as_str) == Some("fail") { 3 } else { 0 });
}
