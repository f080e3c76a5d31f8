import { describeEngine } from "../../test/support/describe-engine.ts";

describeEngine({ expiresInSeconds: 900 });
