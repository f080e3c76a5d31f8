/** Questions in one statement. */
const MOST = 100;
/** A statement that takes as long as this holds nobody up any more. */
const SLOW_MS = 50;

interface Waiting<Question, Answer> {
  question: Question;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

/**
 * Short questions to the database that many ask at once. Those of one moment are asked together, and so are those that come while
 * others are answered and wait for that: to send such a statement and to hear of it costs more than to answer it.
 *
 * @param ask Gives the answers in the questions' order. Where it fails, all who asked with it are told.
 */
export function gather<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): (question: Question) => Promise<Answer> {
  let running = 0;
  let waiting: Waiting<Question, Answer>[] = [];

  function run(): void {
    while (running === 0 && waiting.length > 0) {
      const together = waiting.slice(0, MOST);
      waiting = waiting.slice(MOST);
      void answer(together);
    }
  }

  async function answer(together: readonly Waiting<Question, Answer>[]): Promise<void> {
    running += 1;
    let isCounted = true;
    const end = () => {
      if (!isCounted) return;
      isCounted = false;
      running -= 1;
      run();
    };
    const slow = setTimeout(end, SLOW_MS);
    try {
      const answers = await ask(together.map(({ question }) => question));
      // There is one for each question.
      for (const [index, { resolve }] of together.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const { reject } of together) reject(error);
    } finally {
      clearTimeout(slow);
      end();
    }
  }

  return async (question) =>
    await new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      queueMicrotask(run);
    });
}
