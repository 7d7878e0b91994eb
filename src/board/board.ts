import * as ds from "@devicescript/core"

/**
 * One pin. The Pico's own GPIO objects are such pins, and so are the bench's;
 * `setMode` is the one fast call that both have (29 µs on a Pico).
 */
export interface Pin {
    setMode(mode: ds.GPIOMode): void
}

/** The pins of a board, as in its board definition (`boards/`). */
export interface Pins {
    /** chip selects, low while the chip is addressed */
    csHome: Pin
    csPartner: Pin
    csLink: Pin
    csCard: Pin
    /** heartbeat to the partner, and the partner's, pulled down here */
    beatOut: Pin
    beatIn: Pin
    /** open drain to the partner's reset; pulled up at the partner's end */
    fence: Pin
    /** pulled up here, grounded at the partner's end of the cable */
    present: Pin
    /** interrupt lines of the W5500s, low while there is news */
    intHome: Pin
    intPartner: Pin
    intLink: Pin
}

/**
 * What differs between a real board and the bench. Nothing above `src/board`
 * knows which one it has.
 */
export interface Board {
    pins: Pins
    /** Level of an input pin, 0 or 1. */
    read(pin: Pin): number
    /** Sets the clock of the one SPI bus, mode 0. @param hz at most 33.3 MHz */
    spiConfigure(hz: number): void
    /**
     * Sends `tx` and receives as much into `rx`, which may be `tx` itself.
     * Always full duplex: the Pico's firmware hangs when only receiving and
     * shifts later bytes when only sending.
     * @param tx 1 to 4096 bytes
     * @throws RangeError when a transfer is under way
     */
    spiXfer(tx: Buffer, rx: Buffer): Promise<void>
    /**
     * Waits until there may be something to do: a chip or a wire has news, or
     * the time is over. May return early.
     */
    idle(ms: number): Promise<void>
    /** Ends an `idle()` of another fiber. */
    wake(): void
}
