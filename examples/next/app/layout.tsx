import type { ReactNode } from "react";
import "@audiotricks/upload-react/styles.css";

export const metadata = { title: "Upload audio", icons: "data:," };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
