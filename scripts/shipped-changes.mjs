/**
 * Which packages somebody gets something else of.
 *
 * @param {string[]} files Changed ones, relative to the checkout.
 * @param {{ folder: string, manifest: { name: string } }[]} packages
 * @returns {{ name: string, files: string[] }[]} Only those with changes.
 */
export function shippedChanges(files, packages) {
  return packages
    .map(({ folder, manifest }) => ({
      name: manifest.name,
      files: files.filter(
        (file) => file.startsWith(`${folder}/`) && isShipped(file.slice(folder.length + 1)),
      ),
    }))
    .filter((one) => one.files.length > 0);
}

/** Sources and migrations; neither tests nor what is only read here. */
function isShipped(path) {
  return /^(?:src|sql)\//.test(path) && !/\.test\.tsx?$/.test(path);
}
