import ts from "typescript-api";

/** One name that a package exports, with what its source says about it. */
export interface ExportedName {
  name: string;
  kind: "component" | "hook" | "function" | "type" | "value";
  /** The docstring, as Markdown. */
  text: string;
  /** As it is written in the source, without a body. */
  signature: string;
  /** Of a component: its props; of a hook or a function: nothing; of a type: its members. */
  members: Member[];
}

export interface Member {
  name: string;
  type: string;
  isOptional: boolean;
  text: string;
}

/**
 * What a package exports by its entry, in the order of their names.
 *
 * @param entry Absolute path of a module.
 * @param folder Members that are declared outside of it, such as those of a library's class, are left out.
 */
export function readPackage(entry: string, folder: string): ExportedName[] {
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    jsx: ts.JsxEmit.ReactJSX,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing.`);

  return checker
    .getExportsOfModule(module)
    .map((found) => (found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found))
    .filter((symbol) => isOurs(symbol, folder))
    .map((symbol) => describe(symbol, checker, folder))
    .filter((one, index, all) => all.findIndex(({ name }) => name === one.name) === index)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function describe(symbol: ts.Symbol, checker: ts.TypeChecker, folder: string): ExportedName {
  const name = symbol.getName();
  const declaration = declarationOf(symbol);
  const kind = kindOf(name, declaration);
  return {
    name,
    kind,
    text: textOf(symbol, checker),
    signature: signatureOf(declaration),
    members: membersOf(kind, symbol, declaration, checker, folder),
  };
}

function kindOf(name: string, declaration: ts.Declaration): ExportedName["kind"] {
  if (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration)) return "type";
  if (!ts.isFunctionDeclaration(declaration)) return "value";
  if (/^use[A-Z]/.test(name)) return "hook";
  return /^[A-Z]/.test(name) ? "component" : "function";
}

/** What is before the body; of a type, all of it. */
function signatureOf(declaration: ts.Declaration): string {
  const text = declaration.getText();
  if (ts.isFunctionDeclaration(declaration)) {
    const body = declaration.body?.getStart() ?? declaration.end;
    return text.slice(0, body - declaration.getStart()).trim();
  }
  return ts.isClassDeclaration(declaration) || ts.isVariableDeclaration(declaration) ? "" : text;
}

function membersOf(
  kind: ExportedName["kind"],
  symbol: ts.Symbol,
  declaration: ts.Declaration,
  checker: ts.TypeChecker,
  folder: string,
): Member[] {
  if (kind === "component" && ts.isFunctionDeclaration(declaration)) {
    const [props] = declaration.parameters;
    return props === undefined ? [] : propertiesOf(checker.getTypeAtLocation(props), checker, folder);
  }
  if (ts.isInterfaceDeclaration(declaration))
    return propertiesOf(checker.getDeclaredTypeOfSymbol(symbol), checker, folder);
  return [];
}

function propertiesOf(type: ts.Type, checker: ts.TypeChecker, folder: string): Member[] {
  return checker
    .getPropertiesOfType(type)
    .filter((property) => isOurs(property, folder))
    .map((property) => {
      const declaration = declarationOf(property);
      return {
        name: property.getName(),
        type: typeTextOf(declaration),
        isOptional: (property.flags & ts.SymbolFlags.Optional) !== 0,
        text: textOf(property, checker),
      };
    });
}

/** As the source spells it: the checker would write out what has a name. */
function typeTextOf(declaration: ts.Declaration): string {
  if (ts.isMethodSignature(declaration) || ts.isMethodDeclaration(declaration)) {
    const parameters = declaration.parameters.map((parameter) => parameter.getText()).join(", ");
    return `(${parameters}) => ${declaration.type?.getText() ?? "void"}`;
  }
  const { type } = declaration as ts.PropertySignature;
  return (type?.getText() ?? "unknown").replace(/ \| undefined$/, "").replaceAll(/\s+/g, " ");
}

function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => {
    const words = ts.displayPartsToString(text);
    if (name === "throws") return `Throws ${words}`;
    if (name === "returns") return `Returns: ${words}`;
    return name === "param" ? words.replace(/^(\S+) -? ?/, "`$1`: ") : "";
  });
  return [text, ...tags].filter((part) => part !== "").join("\n\n");
}

function declarationOf(symbol: ts.Symbol): ts.Declaration {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) throw new Error(`${symbol.getName()} is declared nowhere.`);
  return declaration;
}

function isOurs(symbol: ts.Symbol, folder: string): boolean {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? "";
  return file.startsWith(folder) && !file.includes("/node_modules/");
}
