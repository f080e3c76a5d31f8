/** What is needed of mediabunny, and nothing else: loaded as a whole, it is three times as much. */
export { AudioSampleSink, CustomSource, FLAC, Input, MP3, MP4, OGG, WAVE } from "mediabunny";
