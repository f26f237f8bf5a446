# Signing: included by the top Makefile, which sets BUILD. Debian packages needed (DEPS):
#   osslsigncode openssl libssl-dev zlib1g-dev gcc gcab 7zip
#   tests only: libcmocka-dev softhsm2 libengine-pkcs11-openssl libclang-rt-19-dev jq zip nsis
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

.PHONY: submission verify reproduce
submission: $(SIGN_TOOL) ## make the signed cabinet for the Hardware Dev Center from what `make dist` signed
	@mkdir -p $(BUILD)/submission
	@signing/submission.sh $(BUILD) $(FILE) $(BUILD)/submission/$(FILE)-$(VERSION).cab $(ARCHES)
	@echo $(BUILD)/submission/$(FILE)-$(VERSION).cab

verify: $(SIGN_TOOL) ## check a finished release from the outside (RELEASE=dist, or a downloaded zip; VERIFY_TRUST=root.cer)
	@signing/verify.sh $(or $(RELEASE),dist)

reproduce: ## build the committed state twice in different places and compare the unsigned outputs
	@signing/reproduce.sh

.PHONY: fuzz-signing
fuzz-signing: $(SIGN_TOOL) ## fuzz what reads catalogs, images, INFs and archives (FUZZ_SECONDS=60)
	@clang-19 $(filter-out -O2 -D_FORTIFY_SOURCE=2,$(SIGN_CFLAGS)) -O1 -fsanitize=fuzzer,address,undefined \
	  -Isigning -Itests/signing -o $(BUILD)/host/signing/fuzz tests/signing/fuzz.c tests/signing/fixture.c \
	  $(SIGN_LIBRARY_SOURCES) $(SIGN_LIBS)
	@FUZZ_KIND=libfuzzer FUZZ=$(abspath $(BUILD))/host/signing/fuzz TOOL=$(abspath $(SIGN_TOOL)) TSA=none \
	  WORK=$(abspath $(BUILD))/host/signing/fuzz-work tests/signing/pipeline.sh fuzz
