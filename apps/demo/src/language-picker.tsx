import { LOCALES } from "@audiotricks/upload-react";

interface LanguagePickerProps {
  value: string;
  onChange: (language: string) => void;
}

/** Languages by their own names: whoever looks for one may read no other. */
export function LanguagePicker({ value, onChange }: LanguagePickerProps) {
  return (
    <label className="language-picker">
      <span>Language of the uploads</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {LOCALES.map((tag) => (
          <option key={tag} value={tag} lang={tag}>
            {new Intl.DisplayNames([tag], { type: "language" }).of(tag)}
          </option>
        ))}
      </select>
    </label>
  );
}
