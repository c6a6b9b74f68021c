// Sends 50 usage events to Kafka, and each of them again, by kafkajs.
//
// publish.js CLIENT BROKERS
const { Kafka, Partitioners, logLevel } = require('kafkajs');
const { CloudEvent, Kafka: Binding } = require('cloudevents');

const [client, brokers] = process.argv.slice(2);
const form = client.split('/')[1];

function message(n) {
  const attributes = {
    type: 'usage.recorded', source: client, id: `event-${n}`, time: '2026-11-02T11:00:00.123Z', subject: `acct_${n}`,
  };
  const data = { product: 'chat', quantities: { in: 1 } };
  if (!form) {
    return { key: `acct_${n}`, value: JSON.stringify({ specversion: '1.0', ...attributes, data }) };
  }
  const m = Binding[form](new CloudEvent({ ...attributes, datacontenttype: 'application/json', data }));
  return { key: `acct_${n}`, value: typeof m.value === 'string' ? m.value : JSON.stringify(m.value), headers: text(m.headers) };
}

// text leaves out headers of attributes that the event does not have, and writes a time as
// text: kafkajs takes strings alone.
function text(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([, v]) => v !== undefined).map(([k, v]) => [k, String(v)]));
}

async function main() {
  const kafka = new Kafka({ clientId: 'test', brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = [];
  for (let n = 0; n < 50; n++) messages.push(message(n), message(n));
  await producer.send({ topic: 'runrate.usage', acks: -1, messages });
  await producer.disconnect();
}

main().catch((e) => { console.error(e); process.exit(1); });
