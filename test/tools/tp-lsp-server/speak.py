"""Speaks the language server protocol with tp-lsp-server over its stdin and stdout, as an editor does.

    speak.py TP_LSP_SERVER

Opens a program whose layout names an axis that the mesh does not have, then mends it, and asks what stands under the cursor.
"""
import json
import subprocess
import sys

GOOD = """tp.mesh @mesh [tp = 4]
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<8x256xf32> {
  %h = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %c = tp.constrain %h to <@mesh, [{}, {tp}]> : tensor<8x256xf32>
  return %c : tensor<8x256xf32>
}
"""
WRONG = GOOD.replace("%h to <@mesh, [{}, {tp}]>", "%h to <@mesh, [{}, {dp}]>")
URI = "test:///program.mlir"


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.next_id = 0

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while True:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("the server ended")
            if line == b"\r\n":
                return json.loads(self.process.stdout.read(length))
            name, _, value = line.decode().partition(":")
            if name.lower() == "content-length":
                length = int(value)

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == self.next_id:
                return message["result"]

    def diagnostics(self):
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics":
                return message["params"]["diagnostics"]


server = Server(sys.argv[1])
capabilities = server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["capabilities"]
print("hover:", capabilities["hoverProvider"])
server.notify("initialized", {})
server.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "mlir", "version": 1, "text": WRONG}})
for each in server.diagnostics():
    print(f"line {each['range']['start']['line'] + 1}: {each['message']}")
server.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": GOOD}]})
print("mended:", len(server.diagnostics()), "diagnostics")
line = GOOD.splitlines().index(next(text for text in GOOD.splitlines() if "tp.constrain" in text))
position = {"line": line, "character": GOOD.splitlines()[line].index("tp.constrain") + 4}
hover = server.ask("textDocument/hover", {"textDocument": {"uri": URI}, "position": position})
print("hover:", hover["contents"]["value"].replace("\n", " "))
print("shutdown:", server.ask("shutdown", None))
server.notify("exit", None)
server.process.stdin.close()
print("status", server.process.wait(timeout=20))
