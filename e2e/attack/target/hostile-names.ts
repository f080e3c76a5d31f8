import fc from "fast-check";

const TRAVERSAL = [
  "../",
  "..\\",
  "..%2f",
  "%2e%2e/",
  "..%252f",
  "..;/",
  "....//",
  "..%c0%af",
  "/etc/passwd",
  "C:\\windows\\",
  "\\\\host\\share\\",
  "//",
  "./",
  "~/",
  "file:///",
  "temp/uploads/",
  "audio/uploads/2026/11/",
  "backups/database/",
  "?versionId=1",
  "#",
  "&key=",
];
const MARKUP = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "<svg/onload=alert(1)>",
  "javascript:alert(1)",
  "{{7*7}}",
  "${" + "7*7}",
  "<!--",
  "]]>",
  "&#x3c;",
  '"',
  "'",
  "`",
  ";",
  '"; filename="x.html',
  "; filename*=UTF-8''x.html",
  "%22%3b",
  '\\"',
];
const STATEMENTS = [
  "' OR '1'='1",
  "'; DROP TABLE file_storage; --",
  "$$",
  "$1",
  "\\x00",
  "%s%n",
  "__proto__",
  "constructor",
  "null",
];
const SHELL = ["$(id)", "`id`", "|id", "&& id", "-rf", "--help", "*", "CON", "NUL", "COM1"];
const UNICODE = [
  "\u202e",
  "\u2066",
  "\u200b",
  "\u200d",
  "\ufeff",
  "\u0301".repeat(40),
  "\u2028",
  "\u2029",
  "／",
  "．．／",
  "ﬁ",
  "İ",
  "ß",
  "\u{1f3b5}",
  "\u{e0041}",
  "\ufffd",
  "\ufffe",
  "\u{10ffff}",
  "音",
  "ا",
  "\u00a0",
  "\u3000",
  "e\u0301",
  "é",
];
const CONTROLS = [
  "\0",
  "\r\n",
  "\r\nContent-Type: text/html\r\n\r\n",
  "\n",
  "\t",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\ud800",
  "\udfff",
];
const ENDINGS = [
  ".wav",
  ".WAV",
  ".svg",
  ".html",
  ".htm",
  ".xhtml",
  ".js",
  ".php",
  ".exe",
  ".wav.exe",
  ".wav.svg",
  ".mp3.html",
  ".wav ",
  ".wav.",
  ".wav/",
  ".wav\u200b",
  ".w\u0430v",
  ".ｗav",
  ".wav%00",
  ".wav%00.html",
  ".wav;.html",
  ".wav?x=.html",
  ".html;.wav",
  ".svg%00.wav",
  ".html\u202evaw.wav",
  "",
  ".",
  "..",
  ".wav:stream",
  ".wav::$DATA",
  ".tar.wav",
  ".a".repeat(30),
  `.${"w".repeat(300)}`,
  ".wav\n",
  ".wav\0.html",
];

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TRAVERSAL) },
  { weight: 3, arbitrary: fc.constantFrom(...MARKUP) },
  { weight: 2, arbitrary: fc.constantFrom(...STATEMENTS, ...SHELL) },
  { weight: 3, arbitrary: fc.constantFrom(...UNICODE) },
  { weight: 1, arbitrary: fc.constantFrom(...CONTROLS) },
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 10 }) },
  { weight: 1, arbitrary: fc.constant("a".repeat(200)) },
  { weight: 1, arbitrary: fc.constant("\u{1f3b5}".repeat(120)) },
);
const name = fc
  .tuple(
    fc.array(piece, { minLength: 1, maxLength: 5 }),
    fc.oneof(fc.constantFrom(...ENDINGS), fc.constant(".wav")),
  )
  .map(([pieces, ending]) => pieces.join("") + ending);

/** Other ones each time. */
export function hostileNames(count: number): string[] {
  return fc.sample(name, count);
}

/** What a file may be called at all; what it may be is for its ending to say. */
export function isWellFormedName(text: string): boolean {
  return Array.from(text).length <= 500 && /^[^\p{Cc}\p{Cs}]+$/u.test(text);
}
