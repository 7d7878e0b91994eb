/** Node's sockets, where the bench depends on how they end. */
import net from "node:net"
import { once } from "node:events"
import { test } from "node:test"
import { resetSocket } from "../../devs/bench/net/socket.ts"

for (const [when, prepare] of [
    ["while it is open", () => {}],
    ["after it has sent its end", (s: net.Socket) => void s.end()],
] as const)
    test(
        `a socket closes when it is reset ${when}`,
        { timeout: 5000 },
        async () => {
            const server = net.createServer().listen(0, "127.0.0.1")
            await once(server, "listening")
            const { port } = server.address() as net.AddressInfo
            const client = net.connect(port, "127.0.0.1").on("error", () => {})
            const [socket] = (await once(server, "connection")) as [net.Socket]
            prepare(socket)
            const closed = once(socket, "close")
            resetSocket(socket)
            await closed
            client.destroy()
            server.close()
        },
    )
