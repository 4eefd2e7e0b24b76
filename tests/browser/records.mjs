// Records of CloudTrail, as an attacker would leave them: the stories hand them to the service.

import { randomUUID } from "node:crypto";

const ACCOUNT = "111122223333";
/** Each record of a kind is a second after the one before, so that no story runs over its hour. */
const RECORDS_MAX = 3600;
const BUCKETS = 12;

/** What a name may have in it that is meant for a browser, and what for a terminal or an eye. */
export const MARKUP = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
export const STEERING = "\u202egnp.exe\u2066\u200b\u0007\u001b[31m";

export const arn = (user) => `arn:aws:iam::${ACCOUNT}:user/${user}`;

/**
 * Returns the records of a user who reads so many objects of a few buckets, a second each, from an hour of a day on. `from` is the number of
 * the first object, so that a second call can tell of more of the same. Each user has an address of his own, so that no two are one incident.
 */
export function reads({ user, day, hour, objects, from = 0, client = "aws-cli/2.15.40", bucket = (n) => `${user}-data-${n % BUCKETS}` }) {
  if (from + objects > RECORDS_MAX) throw new Error("more records than an hour has seconds");
  return Array.from({ length: objects }, (_, k) => {
    const n = from + k;
    const name = bucket(n);
    const second = (at) => String(at % 60).padStart(2, "0");
    return {
      eventVersion: "1.11",
      userIdentity: {
        type: "IAMUser",
        principalId: `AIDA${idOf(user)}`,
        arn: arn(user),
        accountId: ACCOUNT,
        accessKeyId: `AKIA${idOf(user)}`,
        userName: user,
      },
      eventTime: `${day}T${second(hour)}:${second(Math.floor(n / 60))}:${second(n)}Z`,
      eventSource: "s3.amazonaws.com",
      eventName: "GetObject",
      awsRegion: "eu-west-1",
      sourceIPAddress: addressOf(user),
      userAgent: `[${client}]`,
      requestParameters: { bucketName: name, key: `export/${n}.bin` },
      responseElements: null,
      additionalEventData: { bytesTransferredIn: 0, bytesTransferredOut: 200_000 },
      eventID: randomUUID(),
      readOnly: true,
      resources: [
        { type: "AWS::S3::Object", ARN: `arn:aws:s3:::${name}/export/${n}.bin` },
        { type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${name}`, accountId: ACCOUNT },
      ],
      eventType: "AwsApiCall",
      managementEvent: false,
      recipientAccountId: ACCOUNT,
      eventCategory: "Data",
    };
  });
}

/** A number that is the same for the same name. */
const numberOf = (name) => Array.from(name).reduce((sum, c) => (sum * 31n + BigInt(c.codePointAt(0))) % (1n << 80n), 7n);

const idOf = (name) => numberOf(name).toString(32).toUpperCase().padStart(16, "A").slice(-16);

export const addressOf = (user) => `45.${numberOf(user) % 251n}.205.66`;
