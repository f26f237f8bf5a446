# Signing: included by the top Makefile, which sets BUILD. Debian packages needed (DEPS):
#   osslsigncode openssl libssl-dev zlib1g-dev gcc gcab
#   tests only: libcmocka-dev softhsm2 libengine-pkcs11-openssl libclang-rt-19-dev
# Settings (SIGN_...) come from the environment; the table is in docs/release.md.

SIGN_TOOL := $(BUILD)/host/signing/sign-tool
SIGN_LIBRARY_SOURCES := $(filter-out signing/sign-tool.c signing/verb-%.c,$(wildcard signing/*.c))
SIGN_TOOL_SOURCES := $(SIGN_LIBRARY_SOURCES) signing/sign-tool.c $(wildcard signing/verb-*.c)
SIGN_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -fstack-protector-strong -D_FORTIFY_SOURCE=2
SIGN_LIBS := -lcrypto -lz

.PHONY: sign-tool test-ca
sign-tool: $(SIGN_TOOL) ## build the host program that writes and checks catalogs, signatures and releases

$(SIGN_TOOL): $(SIGN_TOOL_SOURCES) $(wildcard signing/*.h)
	@mkdir -p $(dir $@)
	@$(or $(HOST_CC),gcc) $(SIGN_CFLAGS) -o $@.new $(SIGN_TOOL_SOURCES) $(SIGN_LIBS) && mv $@.new $@

test-ca: ## make the test authority and the test signing certificate, unless they are there
	@signing/test-ca.sh
