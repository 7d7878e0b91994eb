/** Where what is in the drawing of a board. */
export const WIDTH = 1500
export const HEIGHT = 1250
export const SMALL = 11

/** The controller. */
export const CHIP = { x: 580, y: 230, width: 200, height: 640 }
export const CHIP_RIGHT = CHIP.x + CHIP.width
export const CHIP_BOTTOM = CHIP.y + CHIP.height
/** Its pins on the right, from above, as far below each other. */
export const RIGHT_PINS = [
    "intHome",
    "csHome",
    "intPartner",
    "csPartner",
    "spiSck",
    "spiMosi",
    "spiMiso",
    "csLink",
    "intLink",
    "csCard",
]
export const RIGHT_TOP = 284
export const RIGHT_STEP = 50

/** Modules: the first one's place, and the distance to the next. */
export const MODULE = { x: 1200, y: 110, width: 230, height: 252 }
export const MODULE_STEP = 276
/** Terminals of a W5500 module and of a card, below the module's top. */
export const MODULE_PINS: Record<string, number> = {
    GND: 24,
    "3.3V": 68,
    SCSn: 112,
    INTn: 136,
    SCLK: 160,
    MOSI: 184,
    MISO: 208,
    RSTn: 232,
}
export const CARD_PINS: Record<string, number> = {
    GND: 24,
    "3V3": 68,
    CS: 112,
    CLK: 136,
    DI: 160,
    DO: 184,
}
export const CARD_HEIGHT = 204

/** Vertical wires: where each runs. Rails and buses reach the top. */
export const TRUNKS: Record<string, number> = {
    INT_HOME: 850,
    CS_HOME: 872,
    INT_PARTNER: 894,
    CS_PARTNER: 916,
    SCK: 944,
    MOSI: 966,
    MISO: 988,
    CS_LINK: 1016,
    INT_LINK: 1038,
    CS_CARD: 1060,
    RESET: 1088,
    "3V3M": 1110,
    GND: 1132,
}
export const TRUNK_TOP = 104
/** Between trunks and modules: pull-ups and capacitors. */
export const PULL_X = 1153

/** The cable's connector, and the height of each of its pins. */
export const JACK = { x: 40, y: 290, width: 205, height: 560 }
export const JACK_RIGHT = JACK.x + JACK.width
export const JACK_Y = [320, 420, 520, 566, 590, 614, 690, 810]
export const [BEAT_OUT_Y, FENCE_Y, PRESENT_Y, , , , RESET_Y, BEAT_IN_Y] = JACK_Y

/** The controller's own 3.3 V. */
export const RAIL_Y = CHIP.y + 40
/** Where the reset line passes below the controller. */
export const BELOW = CHIP_BOTTOM + 60
/** Where a resistor in the way out of the controller ends. */
export const EXIT = 830
/** The supply of the modules: at the height of the card's. */
export const POWER_Y = MODULE.y + 3 * MODULE_STEP + 68
/** R3, from MISO to the modules' supply. */
export const PULL_Y = 1160
export const GROUND_Y = 1180
export const LEGEND_Y = 1226
/** Where else a vertical wire is met. */
export const ALSO_AT: Record<string, number[]> = {
    RESET: [BELOW],
    MISO: [PULL_Y],
    "3V3M": [PULL_Y],
    GND: [GROUND_Y],
}
