{{/*
What servers know of their configuration. As in _mastership.tpl, here is nothing but Sprig's
functions and `include`, over .Values and .Chart: the rules in ../rules and the plugin use it.
*/}}

{{/*
valkey.directives: every directive, the form of its value, and the first release of Valkey
and of Redis that knows it, where that is not the oldest that this chart supports (7.2 and
6.2); `8.0-8.1` is the first and the last, `-` means none. Found by asking the servers
themselves, and in the source of the releases up to Valkey 9.1 and Redis 8.0.
*/}}
{{- define "valkey.directives" }}
acl-pubsub-default one-of:allchannels,resetchannels
aclfile text
acllog-max-len number
active-defrag-cycle-max number
active-defrag-cycle-min number
active-defrag-cycle-us number 8.1 -
active-defrag-ignore-bytes memory
active-defrag-max-scan-fields number
active-defrag-threshold-lower number
active-defrag-threshold-upper number
active-expire-effort number
activedefrag yes-no
activerehashing yes-no
always-show-logo yes-no
aof-disable-auto-gc yes-no 7.2 7.0
aof-load-truncated yes-no
aof-rewrite-cpulist text 8.0 7.4
aof-rewrite-incremental-fsync yes-no
aof-timestamp-enabled yes-no 7.2 7.0
aof-use-rdb-preamble yes-no
aof_rewrite_cpulist text
appenddirname text 7.2 7.0
appendfilename text
appendfsync one-of:everysec,always,no
appendonly yes-no
auto-aof-rewrite-min-size memory
auto-aof-rewrite-percentage number
availability-zone text 8.0 -
bgsave-cpulist text 8.0 7.4
bgsave_cpulist text
bind words
bind-source-addr text 7.2 7.0
bio-cpulist text 8.0 7.4
bio_cpulist text
busy-reply-threshold number 7.2 7.0
client-output-buffer-limit buffer-limits
client-query-buffer-limit memory
cluster-allow-pubsubshard-when-down yes-no 7.2 7.0
cluster-allow-reads-when-down yes-no
cluster-allow-replica-migration yes-no
cluster-announce-bus-port number
cluster-announce-client-ipv4 text 8.0 -
cluster-announce-client-ipv6 text 8.0 -
cluster-announce-client-port number 9.0 -
cluster-announce-client-tls-port number 9.0 -
cluster-announce-hostname text 7.2 7.0
cluster-announce-human-nodename text 7.2 7.2
cluster-announce-ip text
cluster-announce-port number
cluster-announce-tls-port number
cluster-blacklist-ttl number 8.0 -
cluster-compatibility-sample-ratio number - 8.0
cluster-config-file text
cluster-config-save-behavior one-of:sync,best-effort 9.1 -
cluster-databases number 9.0 -
cluster-enabled yes-no
cluster-link-sendbuf-limit memory 7.2 7.0
cluster-manual-failover-timeout number 8.1 -
cluster-migration-barrier number
cluster-node-timeout number
cluster-ping-interval number 7.2 7.2
cluster-port number 7.2 7.0
cluster-preferred-endpoint-type one-of:ip,hostname,unknown-endpoint 7.2 7.0
cluster-replica-no-failover one-of:yes,no,if-empty
cluster-replica-validity-factor number
cluster-require-full-coverage yes-no
cluster-slave-no-failover one-of:yes,no,if-empty
cluster-slave-validity-factor number
cluster-slot-migration-log-max-len number 9.0 -
cluster-slot-stats-enabled yes-no 8.0 -
commandlog-execution-slower-than number 8.1 -
commandlog-large-reply-max-len number 8.1 -
commandlog-large-request-max-len number 8.1 -
commandlog-reply-larger-than number 8.1 -
commandlog-request-larger-than number 8.1 -
commandlog-slow-execution-max-len number 8.1 -
crash-log-enabled yes-no
crash-memcheck-enabled yes-no
daemonize yes-no
databases number
dbfilename text
debug-context text 8.0 -
dir text
disable-thp yes-no
dual-channel-replication-enabled yes-no 8.0 -
dynamic-hz yes-no
enable-debug-assert yes-no 8.0 -
enable-debug-command one-of:no,yes,local 7.2 7.0
enable-module-command one-of:no,yes,local 7.2 7.0
enable-protected-configs one-of:no,yes,local 7.2 7.0
events-per-io-thread number 8.0 -
extended-redis-compatibility yes-no 8.0 -
gopher-enabled yes-no - 6.2-6.2
hash-max-listpack-entries number 7.2 7.0
hash-max-listpack-value memory 7.2 7.0
hash-max-ziplist-entries number
hash-max-ziplist-value memory
hash-seed text 9.0 -
hide-user-data-from-log yes-no 8.0 7.4
hll-sparse-max-bytes memory
hz number
ignore-warnings text
import-mode yes-no 8.1 -
include words
io-threads number
io-threads-do-reads yes-no
jemalloc-bg-thread yes-no
key-load-delay number
latency-monitor-threshold number
latency-tracking yes-no 7.2 7.0
latency-tracking-info-percentiles words 7.2 7.0
lazyfree-lazy-eviction yes-no
lazyfree-lazy-expire yes-no
lazyfree-lazy-server-del yes-no
lazyfree-lazy-user-del yes-no
lazyfree-lazy-user-flush yes-no
lfu-decay-time number
lfu-log-factor number
list-compress-depth number
list-max-listpack-size number 7.2 7.0
list-max-ziplist-entries text
list-max-ziplist-size number
list-max-ziplist-value text
loading-process-events-interval-bytes number 7.2 7.0
loadmodule words
locale-collate text 7.2 7.2
log-format one-of:legacy,logfmt,json 8.1 -
log-timestamp-format one-of:legacy,iso8601,milliseconds 8.1 -
logfile text
loglevel one-of:debug,verbose,notice,warning,nothing
lua-replicate-commands text
lua-time-limit number
masterauth text
masteruser text
max-new-connections-per-cycle number 8.0 7.4
max-new-tls-connections-per-cycle number 8.0 7.4
maxclients number
maxmemory memory
maxmemory-clients memory-or-percent 7.2 7.0
maxmemory-eviction-tenacity number
maxmemory-policy one-of:volatile-lru,volatile-lfu,volatile-random,volatile-ttl,allkeys-lru,allkeys-lfu,allkeys-random,noeviction
maxmemory-samples number
min-replicas-max-lag number
min-replicas-to-write number
min-slaves-max-lag number
min-slaves-to-write number
mptcp yes-no 9.0 -
no-appendfsync-on-rewrite yes-no
notify-keyspace-events text
oom-score-adj one-of:no,yes,relative,absolute
oom-score-adj-values words
pidfile text
port number
prefetch-batch-max-size number 8.0 -
primaryauth text 8.0 -
primaryuser text 8.0 -
proc-title-template text
propagation-error-behavior one-of:ignore,panic,panic-on-replicas 7.2 7.0
protected-mode yes-no
proto-max-bulk-len memory
rdb-del-sync-files yes-no
rdb-key-save-delay number
rdb-save-incremental-fsync yes-no
rdb-version-check one-of:strict,relaxed 8.1 -
rdbchecksum yes-no
rdbcompression yes-no
rdma-bind words 8.1 -
rdma-completion-vector number 8.1 -
rdma-port number 8.1 -
rdma-rx-size text 8.1 -
rename-command words
repl-backlog-size memory
repl-backlog-ttl number
repl-disable-tcp-nodelay yes-no
repl-diskless-load one-of:disabled,on-empty-db,swapdb,flush-before-load
repl-diskless-sync yes-no
repl-diskless-sync-delay number
repl-diskless-sync-max-replicas number 7.2 7.0
repl-mptcp yes-no 9.0 -
repl-ping-replica-period number
repl-ping-slave-period number
repl-rdb-channel yes-no - 8.0
repl-timeout number
replica-announce-ip text
replica-announce-port number
replica-announced yes-no
replica-full-sync-buffer-limit memory - 8.0
replica-ignore-disk-write-errors yes-no 7.2 7.0
replica-ignore-maxmemory yes-no
replica-lazy-flush yes-no
replica-priority number
replica-read-only yes-no
replica-serve-stale-data yes-no
replicaof words
requirepass text
sanitize-dump-payload one-of:no,yes,clients
save save
server-cpulist text 8.0 7.4
server_cpulist text
set-max-intset-entries number
set-max-listpack-entries number 7.2 7.2
set-max-listpack-value number 7.2 7.2
set-proc-title yes-no
shutdown-on-sigint words 7.2 7.0
shutdown-on-sigterm words 7.2 7.0
shutdown-timeout number 7.2 7.0
slave-announce-ip text
slave-announce-port number
slave-ignore-maxmemory yes-no
slave-lazy-flush yes-no
slave-priority number
slave-read-only yes-no
slave-serve-stale-data yes-no
slaveof words
slot-migration-max-failover-repl-bytes text 9.0 -
slowlog-log-slower-than number
slowlog-max-len number
socket-mark-id number 7.2 7.0
stop-writes-on-bgsave-error yes-no
stream-node-max-bytes memory
stream-node-max-entries number
supervised one-of:upstart,systemd,auto,no
syslog-enabled yes-no
syslog-facility one-of:user,local0,local1,local2,local3,local4,local5,local6,local7
syslog-ident text
tcp-backlog number
tcp-keepalive number
timeout number
tls-auth-clients one-of:no,yes,optional
tls-auth-clients-user one-of:CN,URI,off 9.0 -
tls-auto-reload-interval number 9.1 -
tls-ca-cert-dir text
tls-ca-cert-file text
tls-cert-file text
tls-ciphers text
tls-ciphersuites text
tls-client-cert-file text
tls-client-key-file text
tls-client-key-file-pass text
tls-cluster yes-no
tls-dh-params-file text
tls-key-file text
tls-key-file-pass text
tls-port number
tls-prefer-server-ciphers yes-no
tls-protocols text
tls-replication yes-no
tls-session-cache-size number
tls-session-cache-timeout number
tls-session-caching yes-no
tracking-table-max-keys number
unixsocket text
unixsocketgroup text 8.0 -
unixsocketperm text
use-exit-on-panic yes-no
user words
watchdog-period number 7.2 7.0
zset-max-listpack-entries number 7.2 7.0
zset-max-listpack-value memory 7.2 7.0
zset-max-ziplist-entries number
zset-max-ziplist-value memory
{{ end -}}
