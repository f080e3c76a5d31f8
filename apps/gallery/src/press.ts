import { waitFor } from "storybook/test";

/** Clicks all that there are, once there is one: a state does by itself what a person would, in any language. */
export async function press(canvas: HTMLElement, selector: string): Promise<void> {
  const found = await waitFor(() => {
    const elements = canvas.querySelectorAll<HTMLElement>(selector);
    if (elements.length === 0) throw new Error(`There is no ${selector}.`);
    return elements;
  });
  for (const element of found) element.click();
}
