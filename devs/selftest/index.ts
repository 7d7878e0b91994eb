/** All faults that the self-test is tried with, by name. */
import { CABLE_FAULTS } from "./cablefaults.ts"
import { CHIP_FAULTS } from "./chipfaults.ts"

export const WIRING_FAULTS = new Map(
    [...CHIP_FAULTS, ...CABLE_FAULTS].map(f => [f.name, f]),
)
