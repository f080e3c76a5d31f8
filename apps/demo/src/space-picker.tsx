import type { Workspace } from "./demo-session.ts";

/** The user's own space, which is no workspace. */
export const PERSONAL = "personal";

interface SpacePickerProps {
  workspaces: readonly Workspace[];
  value: string;
  onChange: (value: string) => void;
}

export function SpacePicker({ workspaces, value, onChange }: SpacePickerProps) {
  return (
    <label className="space-picker">
      <span>Workspace</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {workspaces.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value={PERSONAL}>Personal, no workspace</option>
      </select>
    </label>
  );
}
