/** A serial port: of a board, or of a simulated one, on TCP. */
import net from "node:net"
import { SerialPort } from "serialport"

/** USB ignores it, but the library wants one. */
const BAUD = 115_200
const TCP = /^tcp:([^:]+):(\d+)$/

export interface Port {
    write(bytes: Uint8Array): void
    close(): void
}

export interface PortEvents {
    opened(): void
    data(bytes: Uint8Array): void
    /** once, at the end; also of a port that cannot be opened */
    closed(why: string): void
}

/** @param where `/dev/ttyACM0`, `COM3`, or `tcp:HOST:PORT` */
export function openPort(where: string, events: PortEvents): Port {
    const tcp = TCP.exec(where)
    return tcp
        ? openTcp(tcp[1], Number(tcp[2]), events)
        : openSerial(where, events)
}

function openTcp(host: string, port: number, events: PortEvents): Port {
    const socket = net.connect(port, host, () => events.opened())
    let why = "the connection has ended"
    socket.on("data", bytes => events.data(bytes))
    socket.on("error", e => {
        why = e.message
    })
    socket.on("close", () => events.closed(why))
    return {
        write: bytes => socket.write(bytes),
        close: () => socket.destroy(),
    }
}

function openSerial(path: string, events: PortEvents): Port {
    const port = new SerialPort({ path, baudRate: BAUD }, error => {
        if (error) events.closed(error.message)
        else events.opened()
    })
    let why = "the port has gone"
    port.on("data", (bytes: Buffer) => events.data(bytes))
    port.on("error", e => {
        why = e.message
    })
    port.on("close", () => events.closed(why))
    return {
        write: bytes => port.write(bytes),
        close: () => {
            if (port.isOpen) port.close()
        },
    }
}
