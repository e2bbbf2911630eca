"""The sha256 of bytes and texts."""

from bench.contracts.checksum import sha256


def test_it_is_that_of_the_standard() -> None:
    """The one-block example of FIPS 180-2."""
    assert sha256("abc") == sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256("北") == sha256("北".encode())
