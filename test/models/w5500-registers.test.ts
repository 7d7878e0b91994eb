/** The W5500 model's SPI frames and registers, by the datasheet v1.1.0. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BlockKind,
    Command,
    Common,
    Interrupt,
    Protocol,
    Sn,
    Status,
} from "../../devs/bench/w5500/registers.ts"
import { connect, CHIP_IP, Lan, stream } from "./support/lan.ts"
import { block, SPI_HZ } from "./support/w5500.ts"

const FIXED_1_BYTE = 0x01
const FIXED_4_BYTES = 0x03

/// Frames (chapter 2) ///

test("VERSIONR reads 0x04, and cannot be written", () => {
    const chip = new Lan().chip()
    assert.deepEqual(chip.common(Common.VERSIONR), [4])
    chip.setCommon(Common.VERSIONR, 9)
    assert.deepEqual(chip.common(Common.VERSIONR), [4])
})

test("addresses count up within a frame, and start anew with each", () => {
    const chip = new Lan().chip()
    chip.setCommon(Common.GAR, 10, 0, 0, 1, 255, 0, 0, 0)
    assert.deepEqual(chip.common(Common.GAR, 4), [10, 0, 0, 1])
    assert.deepEqual(chip.common(Common.SUBR, 4), [255, 0, 0, 0])
    assert.deepEqual(chip.common(Common.SUBR - 1, 2), [1, 255])
})

test("a frame may come in several transfers while selected", () => {
    const { chip } = new Lan().chip()
    const data = Uint8Array.of(0, 0)
    chip.select(true)
    chip.exchange(Uint8Array.of(0), SPI_HZ)
    chip.exchange(Uint8Array.of(Common.RTR, 0), SPI_HZ)
    chip.exchange(data, SPI_HZ)
    chip.select(false)
    assert.deepEqual([...data], [0x07, 0xd0])
})

test("in fixed-length mode a frame has so many bytes of data, and no more", () => {
    const chip = new Lan().chip()
    const write = 0x04
    chip.frame(
        Common.GAR,
        write | FIXED_4_BYTES,
        Uint8Array.of(1, 2, 3, 4, 5, 6),
    )
    assert.deepEqual(chip.common(Common.GAR, 6), [1, 2, 3, 4, 0, 0])
    chip.frame(Common.GAR, write | FIXED_1_BYTE, Uint8Array.of(9, 9))
    assert.deepEqual(chip.common(Common.GAR, 2), [9, 2])
})

test("a clock above 33.3 MHz spoils bits", () => {
    const { chip } = new Lan().chip()
    const read = (hz: number) => {
        const f = Uint8Array.of(0, Common.VERSIONR, 0, 0, 0, 0, 0, 0)
        chip.select(true)
        chip.exchange(f, hz)
        chip.select(false)
        return f
    }
    assert.equal(read(33_300_000)[3], 4)
    assert.notDeepEqual(read(62_500_000), read(33_300_000))
})

test("a chip without power, or held in reset, leaves MISO high", () => {
    const lan = new Lan()
    const { chip } = lan.chip()
    const version = () => {
        const f = Uint8Array.of(0, Common.VERSIONR, 0, 0)
        chip.select(true)
        chip.exchange(f, SPI_HZ)
        chip.select(false)
        return f[3]
    }
    chip.held(true)
    assert.equal(version(), 0xff)
    chip.held(false)
    assert.equal(version(), 4)
    chip.powered(false)
    assert.equal(version(), 0xff)
})

test("reserved blocks read zero", () => {
    const chip = new Lan().chip()
    chip.write(block(1, BlockKind.Common), 0, 1, 2, 3)
    assert.deepEqual(
        [...chip.read(block(1, BlockKind.Common), 0, 3)],
        [0, 0, 0],
    )
})

/// Reset (chapter 4) ///

const RESET_VALUES: [string, number, number[]][] = [
    ["MR", Common.MR, [0]],
    ["IR to SIMR", Common.IR, [0, 0, 0, 0]],
    ["RTR", Common.RTR, [0x07, 0xd0]],
    ["RCR", Common.RCR, [8]],
    ["PTIMER", 0x1c, [0x28]],
    ["PMRU", 0x26, [0xff, 0xff]],
]

const SOCKET_RESET_VALUES: [string, number, number[]][] = [
    ["Sn_MR to Sn_SR", Sn.MR, [0, 0, 0, 0]],
    ["Sn_DHAR", Sn.DHAR, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["Sn_DIPR, Sn_DPORT", Sn.DIPR, [0, 0, 0, 0, 0, 0]],
    ["Sn_TOS, Sn_TTL", Sn.TOS, [0, 0x80]],
    ["sizes of buffers", Sn.RXBUF_SIZE, [2, 2]],
    ["Sn_TX_FSR", Sn.TX_FSR, [8, 0]],
    ["Sn_RX_RSR", Sn.RX_RSR, [0, 0]],
    ["Sn_IMR", Sn.IMR, [0xff]],
    ["Sn_FRAG", Sn.FRAG, [0x40, 0]],
]

test("registers have their reset values, after each kind of reset", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const resets: [string, () => void][] = [
        ["MR_RST", () => chip.setCommon(Common.MR, 0x80)],
        [
            "the reset pin",
            () => {
                chip.chip.held(true)
                chip.chip.held(false)
            },
        ],
        [
            "power",
            () => {
                chip.chip.powered(false)
                chip.chip.powered(true)
            },
        ],
    ]
    for (const [name, reset] of resets) {
        chip.setAddress(CHIP_IP, "020000000001")
        chip.setCommon(Common.RTR, 1, 2, 3)
        chip.listen(3, 3260)
        reset()
        assert.deepEqual(chip.common(Common.GAR, 18), Array(18).fill(0), name)
        for (const [what, at, value] of RESET_VALUES)
            assert.deepEqual(chip.common(at, value.length), value, what)
        for (let n = 0; n < 8; n++)
            for (const [what, at, value] of SOCKET_RESET_VALUES)
                assert.deepEqual(
                    [
                        ...chip.read(
                            block(n, BlockKind.Socket),
                            at,
                            value.length,
                        ),
                    ],
                    value,
                    `socket ${n}: ${what} after ${name}`,
                )
    }
})

test("a reset forgets connections and says nothing to the peer", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, 3260)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: 3260 })
    chip.until(0, Status.Established)
    lan.run(1000)
    const before = lan.sent.length
    chip.setCommon(Common.MR, 0x80)
    lan.run(1e6)
    assert.equal(lan.sent.length, before)
    assert.deepEqual(peer.calls, ["established"])
})

/// PHY ///

test("PHYCFGR tells the link: full duplex at 100 Mbit/s, or none", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const bits = () => chip.common(Common.PHYCFGR)[0] & 7
    assert.equal(bits(), 7)
    lan.segment.cut(chip.chip, true)
    assert.equal(bits(), 0)
    lan.segment.cut(chip.chip, false)
    assert.equal(bits(), 7)
    chip.setCommon(Common.PHYCFGR, 0x38)
    assert.equal(bits(), 0, "while the PHY is in reset")
    chip.setCommon(Common.PHYCFGR, 0xb8)
    assert.equal(chip.common(Common.PHYCFGR)[0], 0xbf)
})

/// Interrupts ///

test("Sn_IR is cleared by ones, and SIR and INTn follow it", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(2, 3260)
    connect(lan.host(), { ip: CHIP_IP, port: 3260 })
    chip.until(2, Status.Established)
    assert.equal(chip.interrupts(2), Interrupt.Con)
    assert.deepEqual(chip.common(Common.SIR), [1 << 2])
    assert.equal(chip.chip.interruptLevel, 1, "SIMR masks all after a reset")
    chip.setCommon(Common.SIMR, 1 << 2)
    assert.equal(chip.chip.interruptLevel, 0)
    chip.set(2, Sn.IR, Interrupt.Recv)
    assert.equal(chip.interrupts(2), Interrupt.Con, "zeros clear nothing")
    chip.set(2, Sn.IR, Interrupt.Con)
    assert.equal(chip.interrupts(2), 0)
    assert.deepEqual(chip.common(Common.SIR), [0])
    assert.equal(chip.chip.interruptLevel, 1)
})

test("Sn_IMR hides an interrupt from SIR and INTn, but not from Sn_IR", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.setCommon(Common.SIMR, 0xff)
    chip.set(0, Sn.IMR, 0xff & ~Interrupt.Con)
    chip.listen(0, 3260)
    connect(lan.host(), { ip: CHIP_IP, port: 3260 })
    chip.until(0, Status.Established)
    assert.equal(chip.interrupts(0), Interrupt.Con)
    assert.deepEqual(chip.common(Common.SIR), [0])
    assert.equal(chip.chip.interruptLevel, 1)
})

test("OPEN and CLOSE clear no interrupts: who wants them gone clears them", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, 3260)
    connect(lan.host(), { ip: CHIP_IP, port: 3260 })
    chip.until(0, Status.Established)
    chip.command(0, Command.Close)
    chip.open(0, Protocol.Tcp, 3260)
    assert.equal(chip.interrupts(0), Interrupt.Con)
})

/// Buffers ///

test("a command that comes before the last one is accepted is lost", () => {
    const chip = new Lan().chip()
    chip.set(0, Sn.MR, Protocol.Tcp)
    chip.set(0, Sn.CR, Command.Open)
    assert.equal(chip.get8(0, Sn.CR), Command.Open)
    chip.set(0, Sn.CR, Command.Close)
    assert.equal(chip.status(0), Status.Init)
})

test("buffers have the sizes that are given, and wrap at their ends", () => {
    const chip = new Lan().chip()
    for (let n = 0; n < 8; n++) chip.set(n, Sn.RXBUF_SIZE, 0, 0)
    chip.set(0, Sn.TXBUF_SIZE, 4)
    chip.set(1, Sn.TXBUF_SIZE, 8)
    assert.equal(chip.size(0, Sn.TX_FSR), 4096)
    assert.equal(chip.size(1, Sn.TX_FSR), 8192)
    assert.equal(chip.size(2, Sn.TX_FSR), 0)
    const tx = block(0, BlockKind.Tx)
    chip.write(tx, 4094, 1, 2, 3, 4)
    assert.deepEqual([...chip.read(tx, 0, 2)], [3, 4])
    assert.deepEqual([...chip.read(tx, 3 * 4096 - 2, 4)], [1, 2, 3, 4])
    const other = block(1, BlockKind.Tx)
    assert.deepEqual([...chip.read(other, 0, 8192)], Array(8192).fill(0))
})

test("a size that is none of 0, 1, 2, 4, 8, 16 makes a buffer unusable", () => {
    const chip = new Lan().chip()
    chip.set(0, Sn.TXBUF_SIZE, 3)
    assert.equal(chip.size(0, Sn.TX_FSR), 0)
})

test("more than 16 KB of buffers: sockets overwrite each other's data", () => {
    const chip = new Lan().chip()
    // sockets 1 to 7 keep their 2 KB
    chip.set(0, Sn.TXBUF_SIZE, 16)
    const first = block(0, BlockKind.Tx)
    const last = block(7, BlockKind.Tx)
    chip.write(first, 0, ...stream(16384))
    chip.write(last, 0, ...Array(2048).fill(0xee))
    const is = chip.read(first, 0, 16384)
    assert.equal(
        is.filter((b, i) => b !== stream(16384)[i]).length > 1800,
        true,
    )
})
