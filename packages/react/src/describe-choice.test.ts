import { describe, expect, it } from "vitest";
import { describeChoice, describeFitting, describeMark, describeUpload } from "./describe-choice.ts";
import type { Room } from "./fit-in-order.ts";

const MB = 1024 ** 2;
const NARROW: Room[] = [
  { scope: "user", bytes: 2.5 * MB, files: 1 },
  { scope: "workspace", bytes: 900 * MB, files: null },
];
const choiceOf = (sizes: readonly number[], fitting: number, rooms = NARROW) => ({
  files: sizes.map((size, index) => ({ id: `${index}`, name: `${index}.wav`, size, fits: index < fitting })),
  fitting,
  rooms,
  moved: null,
});

describe("a choice in words", () => {
  it("says how many fit", () => {
    expect(describeFitting(choiceOf([MB, MB, MB], 1))).toBe("1 of 3 files fit");
    expect(describeFitting(choiceOf([MB], 1))).toBe("The file fits");
    expect(describeFitting(choiceOf([MB], 0))).toBe("The file does not fit");
  });

  it("says what is left of that alone which is too little", () => {
    expect(describeChoice(choiceOf([MB, MB, MB], 1))).toBe(
      "Left: 2.5 MB and 1 more file in your storage. Put first what matters most; nothing below has been uploaded.",
    );
    expect(describeChoice(choiceOf([MB], 1))).toBeNull();
  });

  it("says what helps where no order would", () => {
    const lowered: Room[] = [{ scope: "workspace", bytes: -5 * MB, files: null }];
    expect(describeChoice(choiceOf([MB], 0, lowered))).toBe(
      "Left: 0 bytes in this workspace. Delete files you no longer need: what fits then is marked here.",
    );
  });

  it("says of each file whether another order would help it", () => {
    expect(describeMark({ fits: true, size: MB }, NARROW)).toBe("Fits");
    expect(describeMark({ fits: false, size: MB }, NARROW)).toBe("Would fit further up");
    expect(describeMark({ fits: false, size: 3 * MB }, NARROW)).toBe("Does not fit");
  });

  it("names on the button what will happen", () => {
    expect(describeUpload(choiceOf([MB, MB, MB], 0))).toBeNull();
    expect(describeUpload(choiceOf([MB, MB, MB], 1))).toBe("Upload the 1 that fits");
    expect(describeUpload(choiceOf([MB, MB, MB], 2))).toBe("Upload the 2 that fit");
    expect(describeUpload(choiceOf([MB, MB, MB], 3))).toBe("Upload all 3");
    expect(describeUpload(choiceOf([MB], 1))).toBe("Upload it");
  });
});
