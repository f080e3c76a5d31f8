import { useState } from "react";
import { routeOf } from "./operator-route.ts";
import { navigate } from "./use-location.ts";

/** From an id that somebody has to all that is known of it. */
export function UploadFinder() {
  const [problem, setProblem] = useState<string | null>(null);
  const find = (data: FormData) => {
    const id = data.get("id");
    const path = `/operator/uploads/${typeof id === "string" ? id.trim() : ""}`;
    if (routeOf(path).page === "upload") navigate(path);
    else setProblem("Give the id of a file or of an upload, such as 0a1b2c3d-0000-4000-8000-00000000000f.");
  };
  return (
    <form action={find} className="range">
      <label className="filter filter-id">
        Id of a file or an upload
        <input name="id" autoComplete="off" spellCheck={false} aria-describedby="finder-problem" />
      </label>
      <button type="submit" className="button">
        Find it
      </button>
      <p id="finder-problem" className="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
