/**
 * A Raspberry Pi Pico, or any board whose definition in `boards/` names the
 * same pins. Drives SPI0 only: the Pico's firmware has no receive DMA on SPI1.
 */
import * as ds from "@devicescript/core"
import "@devicescript/gpio"
import { pins as own } from "@dsboard/twinstore_pico"
import { Board, Pin, Pins } from "./board"
import { lendBus } from "./bus"

type NativeSpi = typeof ds & {
    spiConfigure(
        miso: number,
        mosi: number,
        sck: number,
        mode: number,
        hz: number,
    ): void
    spiXfer(tx: Buffer, rx: Buffer): Promise<void>
}
const native = ds as NativeSpi

/**
 * Bytes sent to no chip while idle: 64 B are 16 µs at 31.25 MHz. A main loop
 * that always has a transfer in flight is never put to sleep by an alarm that
 * lies in the past.
 */
const IDLE_BYTES = 64
const nothing = Buffer.alloc(IDLE_BYTES)

function read(pin: Pin) {
    return (pin as unknown as ds.InputPin).value as number
}

function spiConfigure(hz: number) {
    native.spiConfigure(
        own.spiMiso.gpio,
        own.spiMosi.gpio,
        own.spiSck.gpio,
        0,
        hz,
    )
}

async function idle() {
    await lendBus(nothing)
}

function wake() {
    // idle() ends by itself
}

export function openPico(): Board {
    return {
        pins: own as unknown as Pins,
        read,
        spiConfigure,
        spiXfer: native.spiXfer,
        idle,
        wake,
    }
}
