// Posts 50 usage events to the door, and each of them again, by the CloudEvents SDK.
//
// publish_http.js CLIENT URL KEY
const { CloudEvent, HTTP } = require('cloudevents');

const [client, url, key] = process.argv.slice(2);
const form = client.split('/').pop();

async function main() {
  for (let n = 0; n < 50; n++) {
    const { headers, body } = HTTP[form](new CloudEvent({
      type: 'usage.recorded', source: client, id: `event-${n}`, time: '2026-11-02T11:00:00.123Z', subject: `acct_${n}`,
      datacontenttype: 'application/json', data: { product: 'chat', quantities: { in: 1 } },
    }));
    for (let again = 0; again < 2; again++) {
      const answer = await fetch(url, {
        method: 'POST', headers: { ...headers, authorization: `Bearer ${key}` },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
    }
  }
}

main().catch((e) => { console.error(e); process.exit(1); });
