/** What Node's sockets need help with. */
import type net from "node:net"

/**
 * Ends a connection at once, with a reset where that is possible. While a FIN
 * is on its way libuv refuses to (EINVAL), and Node then never closes the
 * handle: not even the process could end any more.
 */
export function resetSocket(socket: net.Socket) {
    if (socket.writableEnded) socket.destroy()
    else socket.resetAndDestroy()
}
