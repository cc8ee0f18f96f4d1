"""What no client should send to the control socket; the daemon must go on answering good ones."""
import json
import random
import sys

try:
    import zmq
except ImportError:
    print("skipped: python3-zmq is not installed")
    sys.exit(77)

context = zmq.Context()
endpoint = sys.argv[1]
seed = 20261121
print("seed", seed)
chance = random.Random(seed)


def client():
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(endpoint)
    return socket


def ask(socket, message):
    socket.send(message)
    if not socket.poll(200_000):
        return None
    return json.loads(socket.recv_multipart()[-1])


def good():
    socket = client()
    answer = ask(socket, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "status"}).encode())
    assert answer and answer["result"]["version"], answer
    socket.close()


good()
# Each from a client of its own: of some it is not known whether there is an answer, let alone when.
for message, code in (
    (b"this is not JSON", -32700),
    (b"", None),
    (b"[]", -32600),
    (b'{"jsonrpc":"2.0","id":1}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"statsu"}', -32601),
    (b'{"jsonrpc":"2.0","id":1,"method":"values.get","params":{"nam":"x"}}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"status"' + b" " * 70000 + b"}", None),
):
    socket = client()
    if code is None:
        socket.send(message)
        good()
    else:
        answer = ask(socket, message)
        assert answer and answer["error"]["code"] == code, (message[:60], answer)
    socket.close()
socket = client()
for size in (1, 10, 100, 1000, 60000):
    socket.send(bytes(chance.randrange(256) for _ in range(size)))
socket.send_multipart([b"a", b"b", b"c"])
good()
socket.close()

socket = client()
socket.send(b"x" * 10_000_000)
good()
socket.close()

for _ in range(100):
    socket = client()
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "values.list"}).encode())
    socket.close()
good()
print("it still answers")
