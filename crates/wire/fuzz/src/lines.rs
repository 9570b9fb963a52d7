//! Changes a message by whole lines: what decides anything is a line, and one byte at a time rarely makes
//! a second one of them in the right place.

/// Lines of heads, with those that two readers may take in two ways.
pub const HEAD: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\n",
    b"POST /a?b HTTP/1.0\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"GET http://b:81/x HTTP/1.1\r\n",
    b"GET * HTTP/1.1\r\n",
    b"GET /%00 HTTP/1.1\r\n",
    b"GET /a#b HTTP/1.1\r\n",
    b"CONNECT / HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n",
    b"Host: a\r\n",
    b"Host: [::1]:80\r\n",
    b"Host: b.c.:00080\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 007\r\n",
    b"Content_Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Transfer.Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: upgrade\r\n",
    b"Connection: x-one, host, content-length\r\n",
    b"Upgrade: websocket\r\n",
    b"Upgrade: h2c\r\n",
    b"HTTP2-Settings: AAMA\r\n",
    b"TE: trailers\r\n",
    b"Expect: 100-continue\r\n",
    b"Expect: more\r\n",
    b"X-One: 1\r\n",
    b"Close: 1\r\n",
    b"X-Forwarded-For: a\r\n",
    b"Proxy-Connection: a\r\n",
    b" folded\r\n",
    b"\r\n",
];

/// Lines of chunked bodies.
pub const BODY: &[&[u8]] = &[
    b"1\r\na\r\n",
    b"A;b=c\r\n0123456789\r\n",
    b"0x1\r\na\r\n",
    b"+1\r\na\r\n",
    b"00000000000000001\r\na\r\n",
    b"0\r\n",
    b"0;b\r\n",
    b"X-One: 1\r\n",
    b"grpc-status: 0\r\n",
    b"Host: a\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"X-Forwarded-For: a\r\n",
    b"\r\n",
];

/// Changes the message that the first `size` bytes of `room` are, and answers its new size, which is at
/// most `most`. Every other time it leaves that to `mutate`, which is libFuzzer's own.
pub fn change(
    room: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    known: &[&[u8]],
    mutate: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    // Spread, so that seeds that follow one another do different things.
    let mut draws = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = |below: usize| {
        draws = draws.rotate_left(21).wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        (draws >> 33) as usize % below.max(1)
    };
    if draw(2) == 0 {
        return mutate(room, size, most);
    }
    let before = room[..size].to_vec();
    let mut lines: Vec<&[u8]> = before.split_inclusive(|byte| *byte == b'\n').collect();
    for _ in 0..=draw(2) {
        let (at, other, new) = (draw(lines.len()), draw(lines.len()), known[draw(known.len())]);
        match draw(5) {
            _ if lines.is_empty() => lines.push(new),
            0 => lines[at] = new,
            1 => lines.insert(at, lines[other]),
            2 => drop(lines.remove(at)),
            _ => lines.insert(at + usize::from(at == 0 && known == HEAD), new),
        }
    }
    let after = lines.concat();
    let size = after.len().min(most);
    room[..size].copy_from_slice(&after[..size]);
    // Now and then both, so that a new line is one that nobody wrote down.
    if draw(3) == 0 { mutate(room, size, most) } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go_and_never_more_than_there_is_room() {
        let message = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
        let mut twice = 0;
        for seed in 0..1000 {
            let mut room = [&message[..], &[0; 100]].concat();
            let most = room.len() - 60;
            let size = change(&mut room, message.len(), most, seed, HEAD, |_, size, _| size);
            assert!(size <= most);
            twice += room[..size].windows(16).filter(|part| *part == b"Content-Length: ").count() / 2;
        }
        assert!(twice > 10, "{twice}");
        assert!(change(&mut [0; 50], 0, 50, 1, BODY, |_, size, _| size) <= 50);
    }
}
