// Prints the sum of revenue that an analyst's client reads, exactly.
//
// query.js HOST HTTP_PORT
const { createClient } = require('@clickhouse/client');

const [host, port] = process.argv.slice(2);

async function main() {
  const client = createClient({
    url: `http://${host}:${port}`,
    clickhouse_settings: { output_format_json_quote_decimals: 1 }, // else Decimals become floats
  });
  const answer = await client.query({ query: 'SELECT sum(revenue) AS sum FROM revenue.usage_events', format: 'JSONEachRow' });
  const [{ sum }] = await answer.json();
  if (typeof sum !== 'string') throw new Error(`sum is a ${typeof sum}`);
  console.log(sum);
  await client.close();
}

main().catch((e) => { console.error(e); process.exit(1); });
