/** One DeviceScript VM: loaded, given a clock and a door, and driven. */
import { createRequire } from "node:module"
import path from "node:path"
import vm from "node:vm"
import { VmLayoutError, vmSource } from "./source.ts"
import { announcedServices, settingFrame } from "./jacdac.ts"

const require = createRequire(import.meta.url)

/** What the emscripten module offers, as far as we use it. */
interface VmModule {
    HEAPU8: Uint8Array
    _malloc(size: number): number
    _free(ptr: number): void
    _jd_em_frame_received(ptr: number): number
    _jd_em_devs_enable_gc_stress(on: number): void
    devsSetDeviceId(id: string): void
    devsDeploy(image: Uint8Array): number
    [name: string]: unknown
}

/** What is called so often that the module's wrappers would be felt. */
interface HotExports {
    jd_em_process(): number
    jd_em_tcpsock_on_event(event: number, ptr: number, len: number): void
}

/** Events of the VM's one socket, which we use as a door (`jd_network.h`). */
export enum DoorEvent {
    Open = 1,
    Message = 4,
}

export interface VmOptions {
    /** 16 hex digits */
    deviceId: string
    /** the board's own time in microseconds; may be fractional */
    nowUs(): number
    /** fills a buffer with random bytes, for `fillRandom` */
    random(size: number): Uint8Array
    /** the VM sends a Jacdac frame; copy what is to be kept */
    frame?(data: Uint8Array): void
    /** one line of the VM's or the firmware's console */
    console(line: string): void
    /** the firmware panicked; the program restarts by itself 5 s later */
    panic(code: number): void
    /**
     * The firmware called `_socketWrite` with a buffer of its own: read or
     * overwrite it at `ptr` in place. The result is what the call returns.
     */
    door(ptr: number, len: number): number
    /** the firmware called `ds.reboot()` */
    reboot(): void
    /** what is kept without power; nothing is when absent */
    flash?: {
        /** bytes, in whole pages of 4096 */
        size: number
        load(): Uint8Array
        save(data: Uint8Array): void
    }
}

/** Panic code 0 is `ds.restart()`, a wish and not a failure. */
export const PANIC_RESTART = 0

/** Names for panic codes (`devs_objects.h`). */
export const PANIC_NAMES: Record<number, string> = {
    60001: "endless loop",
    60002: "internal error",
    60003: "stack overflow",
    60004: "out of memory",
    60005: "unhandled exception",
}

let compiledGlue: ((...args: unknown[]) => void) | undefined

function glueFactory() {
    compiledGlue ??= vm.compileFunction(
        vmSource().glue,
        [
            "exports",
            "module2",
            "require",
            "Date",
            "setTimeout",
            "clearTimeout",
            "setInterval",
            "clearInterval",
            "__filename",
            "__dirname",
            "console",
        ],
        { filename: "devicescript-vm.js" },
    ) as (...args: unknown[]) => void
    return compiledGlue
}

let plainWasm: WebAssembly.Module | undefined

/** The VM's WASM as it is in the CLI, compiled once a process. */
export function plainVmWasm() {
    plainWasm ??= new WebAssembly.Module(vmSource().wasm)
    return plainWasm
}

/** A VM's WASM and what it needs beyond the original's imports. */
export interface VmBuild {
    wasm: WebAssembly.Module
    /** called at each opcode with the program counter, in profiling builds */
    onOpcode?: (pc: number) => void
}

export class VmInstance {
    private readonly module: VmModule
    /** the WASM's exports, such as the counters of an instrumented build */
    readonly exports: WebAssembly.Exports
    private readonly hot: HotExports
    /** classes of the VM's own Jacdac services, once it has announced them */
    private services?: number[]

    constructor(
        private readonly opts: VmOptions,
        build: VmBuild = { wasm: plainVmWasm() },
    ) {
        let exports: WebAssembly.Exports | undefined
        const module: Record<string, unknown> = {
            instantiateWasm: (
                imports: WebAssembly.Imports,
                done: (i: WebAssembly.Instance) => unknown,
            ) => {
                imports.env.on_opcode = build.onOpcode ?? (() => {})
                imports.env.em_time_now = () => opts.nowUs() / 1000
                imports.env._jd_tcpsock_write = opts.door
                const instance = new WebAssembly.Instance(build.wasm, imports)
                exports = instance.exports
                return done(instance)
            },
            quit: () => {
                throw new VmQuit()
            },
        }
        const holder = { exports: {} as unknown }
        const log = (...words: unknown[]) => opts.console(words.join(" "))
        glueFactory()(
            holder.exports,
            holder,
            (name: string) =>
                name === "crypto"
                    ? { randomBytes: (n: number) => opts.random(n) }
                    : require(name),
            { now: () => opts.nowUs() / 1000 },
            () => 1,
            () => {},
            () => 1,
            () => {},
            vmSource().file,
            path.dirname(vmSource().file),
            { log, debug: log, warn: log, error: log },
        )
        const factory = holder.exports as (m: unknown) => Promise<unknown>
        factory(module).catch(() => {})
        if (!exports?.jd_em_process)
            throw new VmLayoutError("a VM that starts at once")
        this.exports = exports
        this.hot = exports as unknown as HotExports
        this.module = module as VmModule
        this.connect()
        this.module.devsSetDeviceId(opts.deviceId)
        this.process()
    }

    private connect() {
        const m = this.module
        const o = this.opts
        m.sendPacket = (f: Uint8Array) => {
            this.services ??= announcedServices(f)
            o.frame?.(f)
        }
        m.flashSize = o.flash?.size
        m.flashLoad = o.flash ? () => o.flash?.load() : null
        m.flashSave = o.flash ? (data: Uint8Array) => o.flash?.save(data) : null
        m.dmesg = (line: string) => o.console(line)
        m.log = m.error = (line: unknown) => o.console(String(line))
        m.panicHandler = (code: number) => o.panic(code)
        m.sockIsAvailable = () => true
        m.sockOpen = () => 0
        m.sockClose = () => 0
    }

    /** The VM's memory; look it up anew after each call into the VM. */
    get memory() {
        return this.module.HEAPU8
    }

    /**
     * Lets the VM run until all fibers wait.
     * @returns microseconds until it wants to run again
     */
    process(): number {
        try {
            return this.hot.jd_em_process()
        } catch (e) {
            if (e instanceof VmQuit) {
                this.opts.reboot()
                return Infinity
            }
            throw e
        }
    }

    /** @throws when the VM refuses the program */
    deploy(image: Uint8Array) {
        const rc = this.module.devsDeploy(image)
        if (rc) throw new Error(`the VM refuses the program: error ${rc}`)
    }

    /** Runs `_socketOnEvent` in the firmware, at the next `process()`. */
    event(event: DoorEvent) {
        this.hot.jd_em_tcpsock_on_event(event, 0, 0)
    }

    /** Hands a Jacdac frame to the VM, as if it came over the wire. */
    receive(data: Uint8Array) {
        const ptr = this.module._malloc(data.length)
        this.module.HEAPU8.set(data, ptr)
        const rc = this.module._jd_em_frame_received(ptr)
        this.module._free(ptr)
        if (rc) throw new Error(`the VM refuses a Jacdac frame: error ${rc}`)
    }

    /**
     * Writes a setting through the settings service, as a development
     * machine does.
     * @returns false as long as the VM has not announced its services
     */
    setSetting(key: string, value: unknown) {
        if (!this.services) return false
        const id = this.opts.deviceId
        this.receive(settingFrame(id, this.services, key, value))
        this.process()
        return true
    }

    /** Collect garbage at every allocation. */
    gcStress(on: boolean) {
        this.module._jd_em_devs_enable_gc_stress(on ? 1 : 0)
    }
}

class VmQuit extends Error {}
