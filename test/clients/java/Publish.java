import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.CloudEventSerializer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends 50 usage events to Kafka, and each of them again: Publish CLIENT BROKERS. */
class Publish {
    static final String TOPIC = "runrate.usage";
    static final String WHEN = "2026-11-02T11:00:00.123Z";
    static final String DATA = "{\"product\":\"chat\",\"quantities\":{\"in\":1}}";

    public static void main(String[] args) throws Exception {
        String client = args[0];
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", args[1]);
        settings.put("acks", "all");
        settings.put("key.serializer", StringSerializer.class);
        if (client.equals("kafka-clients")) {
            settings.put("value.serializer", StringSerializer.class);
            send(new KafkaProducer<String, String>(settings), n -> "{\"specversion\":\"1.0\",\"type\":\"usage.recorded\",\"source\":\"" + client
                + "\",\"id\":\"event-" + n + "\",\"time\":\"" + WHEN + "\",\"subject\":\"acct_" + n + "\",\"data\":" + DATA + "}");
            return;
        }
        settings.put("value.serializer", CloudEventSerializer.class);
        if (client.contains("/structured")) {
            settings.put(CloudEventSerializer.ENCODING_CONFIG, Encoding.STRUCTURED);
            settings.put(CloudEventSerializer.EVENT_FORMAT_CONFIG, JsonFormat.CONTENT_TYPE);
        }
        send(new KafkaProducer<String, CloudEvent>(settings), n -> CloudEventBuilder.v1()
            .withType("usage.recorded").withSource(URI.create(client)).withId("event-" + n)
            .withTime(OffsetDateTime.parse(WHEN)).withSubject("acct_" + n)
            .withData(client.endsWith("/base64") ? null : "application/json", DATA.getBytes(StandardCharsets.UTF_8)).build());
    }

    interface Make<V> { V event(int n); }

    static <V> void send(KafkaProducer<String, V> producer, Make<V> make) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (producer) {
            for (int n = 0; n < 50; n++) {
                for (int retry = 0; retry < 2; retry++) {
                    sent.add(producer.send(new ProducerRecord<>(TOPIC, "acct_" + n, make.event(n))));
                }
            }
            for (Future<RecordMetadata> s : sent) {
                s.get();
            }
        }
    }
}
