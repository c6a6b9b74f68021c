{{/* The name that everything begins with. */}}
{{- define "runrate.name" -}}
{{- if contains "runrate" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-runrate" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Labels that select all pods of the release. */}}
{{- define "runrate.selector" -}}
app.kubernetes.io/name: runrate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runrate.labels" -}}
{{ include "runrate.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "runrate.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "runrate.clickhouse" -}}
{{- if .Values.clickhouse.address }}{{ .Values.clickhouse.address }}
{{- else if .Values.altinity.enabled }}clickhouse-{{ include "runrate.name" . }}:9000
{{- else }}{{ fail "clickhouse.address: where is ClickHouse? host:port of its native protocol, or altinity.enabled" }}{{ end }}
{{- end }}

{{- define "runrate.cluster" -}}
{{- if .Values.clickhouse.cluster }}{{ .Values.clickhouse.cluster }}
{{- else if and .Values.altinity.enabled (or (gt (int .Values.altinity.shards) 1) (gt (int .Values.altinity.replicas) 1)) }}main{{ end }}
{{- end }}

{{/* A pod's whole spec. Takes root, command (list), kafka and clickhouse (users, or ""),
resources, ports, secrets (name, mount, secret), restart. */}}
{{- define "runrate.pod" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
{{- $kafka := ternary (get $v.kafka.users .kafka) dict (ne .kafka "") -}}
{{- $clickhouse := ternary (get $v.clickhouse.users .clickhouse) dict (ne .clickhouse "") -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 60
restartPolicy: {{ .restart | default "Always" }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with $v.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: runrate
    image: {{ include "runrate.image" $root | quote }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    args: {{- toYaml .command | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    env:
      - {name: RUNRATE_LOG_LEVEL, value: {{ $v.logLevel | quote }}}
      - name: GOMEMLIMIT
        valueFrom: {resourceFieldRef: {resource: limits.memory}}
{{- if $kafka }}
      - {name: RUNRATE_BROKERS, value: {{ required "kafka.brokers: where is Kafka? host:port, comma separated" $v.kafka.brokers | quote }}}
      - {name: RUNRATE_TOPIC_USAGE, value: {{ $v.kafka.topics.usage | quote }}}
      - {name: RUNRATE_TOPIC_SUBSCRIPTIONS, value: {{ $v.kafka.topics.subscriptions | quote }}}
{{- if $v.kafka.tls.enabled }}
      - {name: RUNRATE_KAFKA_TLS, value: "true"}
{{- with $v.kafka.tls.caSecret }}
      - {name: RUNRATE_KAFKA_TLS_CA, value: /run/runrate/kafka-ca/{{ $v.kafka.tls.caKey }}}
{{- end }}
{{- with $v.kafka.tls.serverName }}
      - {name: RUNRATE_KAFKA_TLS_SERVER_NAME, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- if $v.kafka.sasl.mechanism }}
      - {name: RUNRATE_KAFKA_SASL_MECHANISM, value: {{ $v.kafka.sasl.mechanism }}}
      - {name: RUNRATE_KAFKA_SASL_USERNAME, value: {{ $kafka.name | quote }}}
      - {name: RUNRATE_KAFKA_SASL_PASSWORD_FILE, value: /run/runrate/kafka/{{ $kafka.key }}}
{{- end }}
{{- end }}
{{- if $clickhouse }}
      - {name: RUNRATE_CLICKHOUSE, value: {{ include "runrate.clickhouse" $root | quote }}}
      - {name: RUNRATE_CLICKHOUSE_DATABASE, value: {{ $v.clickhouse.database | quote }}}
      - {name: RUNRATE_CLICKHOUSE_USER, value: {{ $clickhouse.name | quote }}}
{{- if $clickhouse.secret }}
      - {name: RUNRATE_CLICKHOUSE_PASSWORD_FILE, value: /run/runrate/clickhouse/{{ $clickhouse.key }}}
{{- end }}
{{- if $v.clickhouse.tls.enabled }}
      - {name: RUNRATE_CLICKHOUSE_TLS, value: "true"}
{{- with $v.clickhouse.tls.caSecret }}
      - {name: RUNRATE_CLICKHOUSE_TLS_CA, value: /run/runrate/clickhouse-ca/{{ $v.clickhouse.tls.caKey }}}
{{- end }}
{{- with $v.clickhouse.tls.serverName }}
      - {name: RUNRATE_CLICKHOUSE_TLS_SERVER_NAME, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- end }}
    resources: {{- toYaml .resources | nindent 6 }}
{{- with .ports }}
    ports:
{{- range . }}
      - {name: {{ .name }}, containerPort: {{ .port }}, protocol: TCP}
{{- end }}
    livenessProbe:
      httpGet: {path: /healthz, port: admin}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: {path: /readyz, port: admin}
      periodSeconds: 5
      timeoutSeconds: 6
{{- end }}
{{- $mounts := .secrets | default list }}
{{- if and $kafka $v.kafka.sasl.mechanism }}{{ $mounts = append $mounts (dict "name" "kafka" "secret" $kafka.secret "key" $kafka.key) }}{{ end }}
{{- if and $kafka $v.kafka.tls.enabled $v.kafka.tls.caSecret }}{{ $mounts = append $mounts (dict "name" "kafka-ca" "secret" $v.kafka.tls.caSecret "key" $v.kafka.tls.caKey) }}{{ end }}
{{- if and $clickhouse $clickhouse.secret }}{{ $mounts = append $mounts (dict "name" "clickhouse" "secret" $clickhouse.secret "key" $clickhouse.key) }}{{ end }}
{{- if and $clickhouse $v.clickhouse.tls.enabled $v.clickhouse.tls.caSecret }}{{ $mounts = append $mounts (dict "name" "clickhouse-ca" "secret" $v.clickhouse.tls.caSecret "key" $v.clickhouse.tls.caKey) }}{{ end }}
{{- if $mounts }}
    volumeMounts:
{{- range $mounts }}
      - {name: {{ .name }}, mountPath: /run/runrate/{{ .name }}, readOnly: true}
{{- end }}
volumes:
{{- range $mounts }}
  - name: {{ .name }}
    secret:
      secretName: {{ .secret }}
      defaultMode: 0440
{{- with .key }}
      items: [{key: {{ . | quote }}, path: {{ . | quote }}}]
{{- end }}
{{- end }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A Deployment, and its PodDisruptionBudget. Takes root, name, replicas (-1: another's to
say), recreate, and what the pod takes. */}}
{{- define "runrate.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "runrate.name" $root }}-{{ .name }}
  labels: {{- include "runrate.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
{{- if ge (int .replicas) 0 }}
  replicas: {{ .replicas }}
{{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: 30
  # Readiness waits for state that is restored, which may be large.
  progressDeadlineSeconds: 1800
{{- if .recreate }}
  strategy: {type: Recreate}
{{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 0, maxUnavailable: 1}
{{- end }}
  selector:
    matchLabels: {{- include "runrate.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  template:
    metadata:
      labels: {{- include "runrate.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8081"
{{- with $root.Values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec: {{- include "runrate.pod" . | nindent 6 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "runrate.name" $root }}-{{ .name }}
  labels: {{- include "runrate.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "runrate.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
{{- end }}
