export { openWaveforms, type Waveform, type Waveforms } from "./open-waveforms.ts";
export type { Credit, HeardWindow, NoWaveform } from "./waveform-messages.ts";
