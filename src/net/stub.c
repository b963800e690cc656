#include "net/dns.h"
#include "net/sni.h"
struct Dns { int x; };
int dns_new(const DnsOptions *options, Dns **ret, Error *err) { (void)options; (void)err; *ret = calloc(1, sizeof(Dns)); return 0; }
void dns_free(Dns *dns) { free(dns); }
int dns_query(Dns *dns, const uint8_t *message, size_t len, uint64_t now_ms, DnsReply reply, void *userdata)
{ (void)dns; (void)message; (void)len; (void)now_ms; (void)reply; (void)userdata; return -EINVAL; }
size_t dns_poll(Dns *dns, struct pollfd *fds, size_t room, int *timeout_ms) { (void)dns; (void)fds; (void)room; (void)timeout_ms; return 0; }
void dns_process(Dns *dns, const struct pollfd *fds, size_t n, uint64_t now_ms) { (void)dns; (void)fds; (void)n; (void)now_ms; }
DnsStream *dns_stream_new(Dns *dns, void (*write)(void *userdata, const uint8_t *bytes, size_t len), void *userdata) { (void)dns; (void)write; (void)userdata; return NULL; }
int dns_stream_bytes(DnsStream *stream, const uint8_t *bytes, size_t len, uint64_t now_ms) { (void)stream; (void)bytes; (void)len; (void)now_ms; return -EPROTO; }
void dns_stream_free(DnsStream *stream) { (void)stream; }
SniResult sni_parse(const uint8_t *data, size_t len, char *ret_name, size_t *ret_len) { (void)data; (void)len; (void)ret_name; (void)ret_len; return SNI_NOT_TLS; }
