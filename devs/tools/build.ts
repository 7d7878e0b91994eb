/** `npm run build`: compiles the firmware, and says how large it is. */
import { buildProgram } from "../vm/program.ts"
import { reportSize } from "./size.ts"

reportSize(buildProgram())
