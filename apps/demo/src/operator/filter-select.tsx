import { withQuery } from "./operator-route.ts";
import { navigate, useLocation } from "./use-location.ts";

interface FilterSelectProps {
  /** In the address. */
  name: string;
  label: string;
  /** The first is taken where the address says nothing. */
  options: readonly string[];
}

export function useFilter({ name, options }: Pick<FilterSelectProps, "name" | "options">): string {
  const { search } = useLocation();
  const asked = new URLSearchParams(search).get(name);
  return asked !== null && options.includes(asked) ? asked : (options[0] ?? "");
}

export function FilterSelect({ name, label, options }: FilterSelectProps) {
  const { pathname, search } = useLocation();
  const value = useFilter({ name, options });
  const choose = (chosen: string) =>
    navigate(pathname + withQuery(search, { [name]: chosen === options[0] ? "" : chosen }));
  return (
    <label className="filter">
      {label}
      <select value={value} onChange={({ target }) => choose(target.value)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {option.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
}
