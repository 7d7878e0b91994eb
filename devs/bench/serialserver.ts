/**
 * The boards' USB serial ports on TCP ports: what a program would read from
 * `/dev/ttyACM0`, and write to it. The connection ends when the board loses
 * its power or is reset, as a USB device goes away.
 */
import net from "node:net"
import { UsbPort } from "../serial/usbport.ts"
import type { Bench } from "./bench.ts"
import type { BoardName, Portal } from "./pair.ts"
import { Unreachable } from "./serial.ts"

const MAX_UNREAD = 1 << 20

export class SerialServer {
    private readonly server: net.Server
    private readonly usb: UsbPort
    /** a serial port has one user */
    private user?: net.Socket

    constructor(
        private readonly bench: Bench,
        private readonly board: BoardName,
    ) {
        this.usb = new UsbPort({
            send: bytes => this.send(bytes),
            receive: frame => this.receive(frame),
        })
        this.server = net.createServer(socket => this.open(socket))
        bench.on("line", (name, line) => {
            if (name === board) this.usb.line(line)
        })
        bench.on("frame", (name, frame) => {
            if (name === board) this.usb.frame(frame)
        })
        bench.on("halt", name => {
            if (name !== board) return
            this.usb.reset()
            this.user?.destroy()
        })
    }

    /** @throws when the address is in use */
    async listen({ ip, port }: Portal) {
        await new Promise<void>((done, failed) => {
            this.server.once("error", failed)
            this.server.listen(port, ip, () => done())
        })
    }

    close() {
        this.user?.destroy()
        this.server.close()
    }

    private open(socket: net.Socket) {
        const { isPowered } = this.bench.pair.nodes[this.board].board
        if (this.user || !isPowered) {
            socket.destroy()
            return
        }
        this.user = socket
        this.usb.setOpen(true)
        socket.on("data", bytes => this.usb.push(bytes))
        socket.on("error", () => {}) // "close" comes, too
        socket.on("close", () => {
            this.user = undefined
            this.usb.setOpen(false)
        })
    }

    /** Who does not read loses the line: a board does not wait for it. */
    private send(bytes: Uint8Array) {
        this.user?.write(bytes)
        if ((this.user?.writableLength ?? 0) > MAX_UNREAD) this.user?.destroy()
    }

    private receive(frame: Uint8Array) {
        try {
            this.bench.receive(this.board, frame)
        } catch (e) {
            // a board that hangs, or starts, hears nothing
            if (!(e instanceof Unreachable)) throw e
        }
    }
}
