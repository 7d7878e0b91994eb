/** How many bytes each chip moves in a second. */
import * as ds from "@devicescript/core"
import { Board } from "../board/board"
import { transfer } from "../board/bus"
import { BUS_HZ } from "../board/open"
import { Card, CardError, readBlocks } from "../drivers/sdcard"
import { BLOCK_TX, DATA } from "../drivers/w5500"
import { SECTOR } from "../wire/card"
import { judge, skip } from "./report"
import { Tested } from "./spi"

/**
 * A transfer of 2 KiB takes a Pico 0.8 ms at 31.25 MHz, and DeviceScript a few
 * tenths around it: 2000 kB/s. A bus at 4 MHz has less than this.
 */
const CHIP_FLOOR = 400
/** Half of it goes to access times of 4 ms, which no card should have. */
const CARD_FLOOR = 400

const CHUNK = 2048
const CHIP_CHUNKS = 64
/** 64 KiB from sector 0 on, 4 KiB each time; every SD card has those. */
const CARD_BLOCKS = 8
const CARD_CHUNKS = 16

/** @returns kB/s, which are bytes per millisecond */
function rate(bytes: number, since: number): number {
    const ms = ds.millis() - since
    return Math.idiv(bytes, ms > 0 ? ms : 1)
}

/** Reads much from each chip that works. */
export async function checkSpeeds(board: Board, chips: Tested[], card: Card) {
    const buffer = Buffer.alloc(DATA + CHUNK)
    for (let i = 0; i < chips.length; ++i) {
        const { chip, name, isGood } = chips[i]
        if (!isGood) {
            skip(`${name}-speed`, `the ${name} W5500 comes first`)
            continue
        }
        const since = ds.millis()
        for (let k = 0; k < CHIP_CHUNKS; ++k) {
            buffer[0] = 0
            buffer[1] = 0
            buffer[2] = BLOCK_TX << 3
            await transfer(chip.cs, buffer, buffer)
        }
        judgeRate(`${name}-speed`, rate(CHUNK * CHIP_CHUNKS, since), CHIP_FLOOR)
    }
    if (card.error !== CardError.None)
        skip("card-speed", "the card comes first")
    else await checkCard(board, card, buffer)
}

async function checkCard(board: Board, card: Card, buffer: Buffer) {
    if (card.maxHz < BUS_HZ) board.spiConfigure(card.maxHz)
    const since = ds.millis()
    let blocks = 0
    for (let k = 0; k < CARD_CHUNKS; ++k) {
        const lba = k * CARD_BLOCKS
        const error = await readBlocks(card, lba, CARD_BLOCKS, buffer, 0)
        if (error === CardError.None) blocks += CARD_BLOCKS
    }
    board.spiConfigure(BUS_HZ)
    judgeRate("card-speed", rate(blocks * SECTOR, since), CARD_FLOOR)
}

function judgeRate(check: string, kBps: number, floor: number) {
    judge(
        check,
        kBps >= floor
            ? ""
            : `${kBps} kB/s, and ${floor} at least are wanted: ` +
                  (check === "card-speed"
                      ? "take another card"
                      : "look at this chip's SPI wires"),
        `kBps=${kBps}`,
    )
}
