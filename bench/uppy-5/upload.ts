import AwsS3 from "@uppy/aws-s3";
import { Uppy } from "@uppy/core";

export function prepare(settings: Record<string, unknown>): (files: File[]) => Promise<void> {
  const uppy = new Uppy().use(AwsS3, {
    endpoint: String(settings.origin),
    getChunkSize: () => Number(settings.partSize),
    // Its form POST never ends where the store answers one without an ETag, as Ceph does.
    shouldUseMultipart: true,
  });
  return async (files) => {
    uppy.addFiles(files.map((data) => ({ name: data.name, type: data.type, data })));
    const [failed] = (await uppy.upload())?.failed ?? [];
    if (failed !== undefined) throw new Error(`${failed.name}: ${failed.error}`);
  };
}
