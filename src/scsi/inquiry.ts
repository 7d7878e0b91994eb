/** INQUIRY and its vital product data pages: SPC-4 6.6 and 7.8, SBC-3 6.6. */
import { get16, put16, put32, putText } from "../wire/bytes"
import { Sense } from "../wire/scsi"
import {
    fail,
    MAX_TRANSFER_BLOCKS,
    Outcome,
    reply,
    replyWith,
    unit,
} from "./request"

const VENDOR = "TWINSTOR"
const PRODUCT = "HA DISK"
const REVISION = "0001"

/** SPC-4 and SBC-3, no version claimed. */
const VERSION_SPC4 = 0x06
const DESCRIPTORS = [0x0460, 0x04c0, 0x0960] // SPC-4, SBC-3, iSCSI

/** Peripheral qualifier and type of a LUN that does not exist. */
export const NO_DEVICE = 0x7f

/** The pool's group: what moves best. */
const OPTIMAL_BLOCKS = 8

/** Vital product data pages, and in the same order what writes them. */
const PAGE_CODES = hex`00 80 83 b0 b2`
type Page = () => number
const pages: Page[] = []

/** Fills the table; each page writes to `reply` from byte 4 on. */
export function initInquiry() {
    pages.push(supported)
    pages.push(serialNumber)
    pages.push(identification)
    pages.push(blockLimits)
    pages.push(provisioning)
}

export function inquiry(b: Buffer, at: number): Outcome {
    const page = b[at + 2]
    const allocated = get16(b, at + 3)
    reply.fillAt(0, reply.length, 0)
    if ((b[at + 1] & 1) === 0) {
        if (page !== 0) return fail(Sense.InvalidField)
        return replyWith(standard(), allocated)
    }
    const i = PAGE_CODES.indexOf(page)
    if (i < 0) return fail(Sense.InvalidField)
    reply[1] = page
    const write = pages[i]
    const length = write()
    put16(reply, 2, length)
    return replyWith(4 + length, allocated)
}

/** Standard data for a LUN that this target does not have. */
export function inquiryNoDevice(b: Buffer, at: number): Outcome {
    reply.fillAt(0, reply.length, 0)
    standard()
    reply[0] = NO_DEVICE
    return replyWith(96, get16(b, at + 3))
}

function standard(): number {
    reply[2] = VERSION_SPC4
    reply[3] = 0x12 // HISUP, response data format 2
    reply[4] = 91
    reply[7] = 0x02 // CMDQUE
    putText(reply, 8, 8, VENDOR, 0x20)
    putText(reply, 16, 16, PRODUCT, 0x20)
    putText(reply, 32, 4, REVISION, 0x20)
    for (let i = 0; i < DESCRIPTORS.length; ++i)
        put16(reply, 58 + 2 * i, DESCRIPTORS[i])
    return 96
}

function supported(): number {
    reply.blitAt(4, PAGE_CODES, 0, PAGE_CODES.length)
    return PAGE_CODES.length
}

function serialNumber(): number {
    putText(reply, 4, 16, unit.serial, 0x20)
    return 16
}

/** NAA, T10 vendor ID, and the target port's name. */
function identification(): number {
    reply.blitAt(4, hex`01 03 00 08`, 0, 4)
    reply.blitAt(8, unit.naa, 0, 8)
    reply.blitAt(16, hex`02 01 00 18`, 0, 4)
    putText(reply, 20, 8, VENDOR, 0x20)
    putText(reply, 28, 16, unit.serial, 0x20)
    // SCSI name string of the target port: name and portal group 1
    const name = unit.portName
    const size = (name.length + 4) & ~3
    reply.blitAt(44, hex`53 98 00 00`, 0, 4)
    reply[47] = size
    putText(reply, 48, size, name, 0)
    return 44 + size
}

function blockLimits(): number {
    put16(reply, 6, OPTIMAL_BLOCKS) // granularity
    put32(reply, 8, MAX_TRANSFER_BLOCKS)
    put32(reply, 12, OPTIMAL_BLOCKS)
    return 60
}

/** Fully provisioned: every block has its place on the card. */
function provisioning(): number {
    return 4
}
