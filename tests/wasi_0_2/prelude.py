"""What every scenario may use: put before its source."""

PRELUDE = '''
from wit_world.imports.network import (
    IpAddressFamily, IpSocketAddress_Ipv4, IpSocketAddress_Ipv6, Ipv4SocketAddress, Ipv6SocketAddress, ErrorCode as Net)
from wit_world.imports.streams import StreamError_Closed, StreamError_LastOperationFailed

F, D, O, P = fs, fs.DescriptorFlags, fs.OpenFlags, fs.PathFlags
READ, WRITE, MUTATE = D.READ, D.WRITE, D.MUTATE_DIRECTORY
NO, FOLLOW = P(0), P.SYMLINK_FOLLOW

def refused(code, function, *arguments):
    """The function answers with this error code, or a stream-error of this kind."""
    try:
        result = function(*arguments)
    except Err as error:
        value = error.value
        if isinstance(code, type):
            assert isinstance(value, code), value
        else:
            assert value == code, (value, code)
        return value
    raise AssertionError(f"{function} gave {result!r}, not {code}")

def root():
    [(directory, name)] = preopens.get_directories()
    return directory

def opened(directory, path, flags=READ, how=O(0), follow=NO):
    return directory.open_at(follow, path, how, flags)

def content(directory, path):
    with opened(directory, path) as file:
        data, _ = file.read(1 << 20, 0)
        assert file.read(1, len(data)) == (b"", True)
        return data

def wait(pollable):
    with pollable:
        pollable.block()

def until(function, code):
    """Wait until it can be called, and call it, until it does not answer would-block."""
    while True:
        wait(code())
        try:
            return function()
        except Err as error:
            if error.value != Net.WOULD_BLOCK:
                raise

def address(host="127.0.0.1", port=0):
    return IpSocketAddress_Ipv4(Ipv4SocketAddress(port, tuple(map(int, host.split(".")))))

def address6(words, port=0):
    return IpSocketAddress_Ipv6(Ipv6SocketAddress(port, 0, tuple(words), 0))

V4, V6 = IpAddressFamily.IPV4, IpAddressFamily.IPV6
'''
