/**
 * Bringing up an SD card in SPI mode: chapter 7.2.1 of the specification that
 * `sdcard.ts` names.
 */
import { SECTOR } from "../wire/card"
import {
    afterResponse,
    answer,
    Card,
    CardError,
    fillFrames,
    leaveTransfer,
    R1_READY,
    readRegister,
    simple,
} from "./sdcard"

/** R1, 7.3.2.1 */
const R1_IDLE = 0x01
const R1_ILLEGAL = 0x04

/** A card may take so long to be ready after ACMD41 (4.2.3). */
const INIT_TRIES = 2000

async function appCommand(card: Card, index: number, arg: number) {
    await simple(card, 55, 0)
    return await simple(card, index, arg)
}

/**
 * Brings the card up, whatever it was doing when the board was reset: it
 * keeps its power then. The bus must run at 400 kHz or less.
 */
export async function startCard(card: Card): Promise<CardError> {
    card.sectors = 0
    fillFrames()
    card.error = await tryStart(card)
    return card.error
}

async function tryStart(card: Card): Promise<CardError> {
    await leaveTransfer(card)
    let r1 = 0xff
    for (let i = 0; i < 10 && r1 !== R1_IDLE; ++i)
        r1 = await simple(card, 0, 0, 0x95)
    if (r1 === 0xff) return CardError.Absent
    if (r1 !== R1_IDLE) return CardError.NotSd
    const isV2 = ((await simple(card, 8, 0x1aa, 0x87)) & R1_ILLEGAL) === 0
    r1 = R1_IDLE
    for (let i = 0; i < INIT_TRIES && r1 === R1_IDLE; ++i)
        r1 = await appCommand(card, 41, isV2 ? 0x40000000 : 0)
    if (r1 !== R1_READY)
        return r1 === R1_IDLE ? CardError.NotReady : CardError.NotSd
    await simple(card, 58, 0)
    const ccs = (answer[afterResponse] & 0x40) !== 0
    card.addressUnit = ccs ? 1 : SECTOR
    if (!ccs) await simple(card, 16, SECTOR)
    const csd = Buffer.alloc(16)
    if (!(await readRegister(card, 9, 0, csd))) return CardError.NotSd
    card.sectors = capacity(csd)
    card.maxHz = (await switchToHighSpeed(card)) ? 50000000 : 25000000
    return CardError.None
}

/** Sectors by the CSD (5.3), version 2 or 1. */
function capacity(csd: Buffer) {
    if (csd[0] >> 6 === 1) {
        const size = ((csd[7] & 0x3f) << 16) | (csd[8] << 8) | csd[9]
        return (size + 1) * 1024
    }
    const size = ((csd[6] & 3) << 10) | (csd[7] << 2) | (csd[8] >> 6)
    const mult = ((csd[9] & 3) << 1) | (csd[10] >> 7)
    const blockLength = csd[5] & 15
    return (size + 1) << (mult + 2 + blockLength - 9)
}

/** CMD6 (4.3.10): from 25 to 50 MHz, where the card can. */
async function switchToHighSpeed(card: Card) {
    const status = Buffer.alloc(64)
    const ok = await readRegister(card, 6, 0x80fffff1 | 0, status)
    return ok && (status[16] & 15) === 1
}
