# SPDX-License-Identifier: GPL-2.0
# The parts do the work (kernel/Kbuild, tools/build-nft, tests/run, tests/lab);
# this file names them.  C=1 and W=1 reach the kernel's build.

# The kernel's build takes no such path.
ifneq ($(words x$(CURDIR)x)$(findstring :,$(CURDIR)),1)
$(error "$(CURDIR)" has a space or a colon in it: move the checkout to a path without)
endif

# Of one who became root by a plain "su"
export PATH := $(PATH):/usr/sbin:/sbin

KVER   ?= $(shell uname -r)
KDIR   ?= /lib/modules/$(KVER)/build
# A kernel that clang has built wants modules of clang's.
CLANG   = $(if $(LLVM),,$(if $(shell grep -s '^CONFIG_CC_IS_CLANG=y' $(KDIR)/include/config/auto.conf),LLVM=1))
# Never /usr: a patched nft stands beside the distribution's, not over it.
PREFIX ?= /opt/nft-xlat
DESTDIR ?=

BUILD   := $(CURDIR)/build
KBUILD  := $(BUILD)/host/kernel
PREBUILT := $(BUILD)/prefix
RELEASE  = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null),$(KVER))
UPDATES  = $(DESTDIR)/lib/modules/$(RELEASE)/updates
MODULES := nf_xlat nf_xlat_ct nf_xlat_flow nft_xlat nft_xlat_flow nf_xlat_dev nf_xlat_bpf
# Where the machine's ip looks for plugins, which is in its own code only
IPLIB   ?= $(shell ip=$$(command -v ip) && grep -azoE '/usr/lib[a-z0-9/_-]*/ip$$' "$$(readlink -f "$$ip")" | tr '\0' '\n' | head -n 1)
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
HAVE_KDIR = @test -e $(KDIR)/Makefile || { \
	echo "modules: no kernel headers in $(KDIR) (install linux-headers-$(KVER), or give KDIR=)"; exit 1; }

HAVE_DKMS = @command -v dkms >/dev/null || { echo "$@: there is no dkms (install it)"; exit 1; }
# needs_root FOLDER: nothing is begun that cannot be ended. What root installs is for all to use.
needs_root = @umask 022; mkdir -p $(1) 2>/dev/null && test -w $(1) || { \
	echo "$@: cannot write to $(1) (be root, or give DESTDIR= or PREFIX=)"; exit 1; }

# One after the other, so that what fails keeps the rest from being begun.
.NOTPARALLEL:
.PHONY: all modules nft conntrack install uninstall demo check check-quick clean help

all: modules plugin tool ## the modules, the plugin of ip, the program xlat and the patched nft
	@tools/build-nft $(BUILD)/prefix || test $$? = 77

# Objects land beside the sources: links to them keep kernel/ clean.
modules: ## the modules, against KDIR
	$(HAVE_KDIR)
	@mkdir -p $(KBUILD) && cp -rsfT $(CURDIR)/kernel $(KBUILD)
	@ln -sfnT $(CURDIR)/include $(BUILD)/host/include
	@find $(KBUILD) -xtype l -delete
	@# Objects of another kernel may be newer than its headers, and would stay.
	@echo '$(RELEASE) $(realpath $(KDIR))' | cmp -s - $(KBUILD)/.for || { \
		find $(KBUILD) \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' -o -name '*.mod*' \) -delete; \
		echo '$(RELEASE) $(realpath $(KDIR))' >$(KBUILD)/.for; }
	$(MAKE) -C $(KDIR) M=$(KBUILD) $(CLANG) modules

.PHONY: plugin
plugin: $(BUILD)/ip/link_xlat.so ## of ip, for devices of kind "xlat", into build/ip

$(BUILD)/ip/link_xlat.so: tools/link_xlat.c include/uapi/linux/if_xlat.h
	@mkdir -p $(@D)
	$(or $(CC),cc) -O2 -Wall $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -shared -fPIC $(if $(NOSTRIP),,-s) -Iinclude/uapi -o $@ $<

# and those of the stories
.PHONY: bpf
bpf: $(patsubst %.c,$(BUILD)/bpf/%.o,$(notdir $(wildcard bpf/*.bpf.c tests/shell/*.bpf.c))) ## programs that translate by tc, into build/bpf

vpath %.bpf.c bpf tests/shell
$(BUILD)/bpf/%.bpf.o: %.bpf.c include/uapi/linux/bpf_xlat.h
	@mkdir -p $(@D)
	clang -O2 -g -Wall -target bpf -Iinclude/uapi -I/usr/include/$(shell $(or $(CC),cc) -dumpmachine) -c -o $@ $<

.PHONY: tool
tool: ## the program xlat, into build/xlat
	@if echo '#include <libmnl/libmnl.h>' | $(or $(CC),cc) $(CPPFLAGS) -E - >/dev/null 2>&1; then \
		$(MAKE) -s --no-print-directory $(BUILD)/xlat/xlat; \
	else echo "xlat is not built: there is no libmnl (install libmnl-dev)"; fi

# What the counters mean, for "xlat status": name, what it counts, what to do about it
$(BUILD)/xlat/counters.h: docs/counters.md
	@mkdir -p $(@D)
	sed -n 's/[\\"]/\\&/g; s/\[\([^]]*\)\]([^)]*)/\1/g; s/`//g; /^| Xlat/s/^| *\([^| ]*\) *| *\([^|]*[^| ]\) *|[^|]*| *\([^|]*[^| ]\) *|$$/\t{ "\1", "\2", "\3" },/p' $< >$@

$(BUILD)/xlat/xlat: $(wildcard tools/xlat*.c) tools/xlat.h $(BUILD)/xlat/counters.h include/uapi/linux/if_xlat.h \
		include/uapi/linux/netfilter/nf_xlat_netlink.h dkms.conf
	$(or $(CC),cc) -O2 -Wall -D_GNU_SOURCE -DXLAT_VERSION='"$(VERSION)"' $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		$(if $(NOSTRIP),,-s) -Iinclude/uapi -I$(BUILD)/xlat -o $@ $(filter %.c,$^) -lmnl

nft: ## nft with the xlat statement, into build/prefix
	@tools/build-nft $(BUILD)/prefix

conntrack: ## conntrack and conntrackd that know sessions of two families, into build/prefix
	@tools/build-conntrack $(BUILD)/prefix

install: modules plugin tool install-nft modules-install install-plugin ## modules to updates/, the nft that was built to PREFIX, the plugin to where ip looks

# A distribution's headers say "sign" but come without its key.  Uncompressed ones
# load too, and need no program that may be missing.
.PHONY: modules-install
modules-install: MODSTAGE = $(BUILD)/modules
modules-install: KEY = $(shell sed -n 's/^CONFIG_MODULE_SIG_KEY=//p' $(KDIR)/include/config/auto.conf | tr -d '"')
modules-install: UNSIGNED = $(if $(filter pkcs11:%,$(KEY))$(wildcard $(KEY) $(KDIR)/$(KEY)),,CONFIG_MODULE_SIG_ALL=)
modules-install: modules ## the modules alone
	@command -v depmod >/dev/null || { echo "$@: there is no depmod (install kmod)"; exit 1; }
	@rm -rf $(MODSTAGE)
	$(MAKE) -C $(KDIR) M=$(KBUILD) $(CLANG) INSTALL_MOD_PATH=$(MODSTAGE) INSTALL_MOD_DIR=updates $(UNSIGNED) \
		CONFIG_MODULE_COMPRESS_GZIP= CONFIG_MODULE_COMPRESS_XZ= CONFIG_MODULE_COMPRESS_ZSTD= modules_install
	$(call needs_root,$(UPDATES))
	@# A full disk leaves the modules of before.
	@chmod -R u=rwX,go=rX $(MODSTAGE) && rm -rf $(UPDATES)/.new
	umask 022; cp -R $(MODSTAGE)/lib/modules/$(RELEASE)/updates $(UPDATES)/.new || { rm -rf $(UPDATES)/.new; exit 1; }
	rm -f $(MODULES:%=$(UPDATES)/%.ko*)
	umask 022; cp -Rlf $(UPDATES)/.new/. $(UPDATES) && rm -r $(UPDATES)/.new
	depmod $(if $(DESTDIR),-b $(DESTDIR)) $(RELEASE)
	@echo "modules: $(UPDATES)$(if $(UNSIGNED),$(if $(KEY), (not signed: docs/install.md, Secure Boot)))"

.PHONY: install-plugin
install-plugin: UNITS = xlat@.service xlat-log.service xlat-metrics.service xlat-metrics.timer
install-plugin: plugin tool ## the plugin of ip, the program xlat, xlat-device, and their units
	$(if $(IPLIB),$(call needs_root,$(DESTDIR)$(IPLIB)))
	$(if $(IPLIB),install -m 644 $(BUILD)/ip/link_xlat.so $(DESTDIR)$(IPLIB))
	@echo "plugin: $(or $(IPLIB),there is no ip that would load one (install iproute2))"
	$(call needs_root,$(DESTDIR)$(PREFIX)/sbin)
	@umask 022; mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	install packaging/xlat-device $(DESTDIR)$(PREFIX)/sbin
	@umask 022; ! test -x $(BUILD)/xlat/xlat || { mkdir -p $(DESTDIR)$(PREFIX)/share/man/man8 && \
		install $(BUILD)/xlat/xlat $(DESTDIR)$(PREFIX)/sbin && \
		sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/xlat.8 >$(DESTDIR)$(PREFIX)/share/man/man8/xlat.8 && \
		echo "xlat: $(PREFIX)/sbin/xlat"; }
	@umask 022; for i in $(UNITS); do \
		sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/$$i >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$i || exit; done

# The list of what was put there is what uninstall takes away.
.PHONY: install-nft
install-nft: STAGE = $(BUILD)/stage
install-nft:
	@test -x $(PREBUILT)/sbin/nft || { echo "$@: nft is not built (make nft), so nothing is installed;" \
		"make modules-install installs the modules alone"; exit 1; }
	@case $(PREFIX) in / | /usr | /usr/local) \
		echo "nft: with its library in $(PREFIX)/lib every nft would be this one"; exit 1 ;; esac
	@test -e $(DESTDIR)$(PREFIX)/.nft-xlat || ! test -e $(DESTDIR)$(PREFIX)/sbin/nft || { \
		echo "nft: $(PREFIX)/sbin/nft is not ours, choose another PREFIX"; exit 1; }
	$(call needs_root,$(DESTDIR)$(PREFIX))
	@rm -rf $(STAGE) && mkdir -p $(STAGE)/lib/systemd/system $(STAGE)/share/man/man8
	@cp -dR $(PREBUILT)/sbin $(PREBUILT)/lib $(STAGE)
	@install packaging/nft-xlat-check packaging/nft-xlat-eam $(STAGE)/sbin
	@for i in nft-xlat.service nft-xlat@.service; do \
		sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/$$i >$(STAGE)/lib/systemd/system/$$i || exit; done
	@sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/nft-xlat.8 >$(STAGE)/share/man/man8/nft-xlat.8
	@cd $(STAGE) && find * ! -type d >.nft-xlat
	@chmod -R u=rwX,go=rX $(STAGE)
	@# What the last one had, and this one has not
	@cd $(DESTDIR)$(PREFIX) && { test ! -e .nft-xlat || grep -vxFf $(STAGE)/.nft-xlat .nft-xlat; } >$(STAGE).old || :
	@# Programs that run keep the files that they have.
	cp -dR --remove-destination --preserve=mode $(STAGE)/. $(DESTDIR)$(PREFIX)
	@cd $(DESTDIR)$(PREFIX) && xargs -r rm -f <$(STAGE).old
	@echo "nft: $(PREFIX)/sbin/nft"

# Where packages of a distribution have it: nft is nft-xlat, and the list of what was
# put there is the package manager's.  DESTDIR is to be empty.
.PHONY: install-package
install-package: PREFIX = /usr/lib/nft-xlat
install-package: SBINDIR = /usr/sbin
install-package: UNITDIR = /usr/lib/systemd/system
install-package: ROOT = $(DESTDIR)$(PREFIX)
install-package: install-nft install-plugin
	rm $(ROOT)/.nft-xlat $(ROOT)/lib/libnftables.so
	mkdir -p $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)/usr/share/man/man8
	mv $(ROOT)/lib/systemd/system/* $(DESTDIR)$(UNITDIR)
	sed 's,$(PREFIX)/sbin/\(nft-xlat-\|xlat-\),\1,; s,$(PREFIX)/sbin/nft,nft-xlat,' \
		$(ROOT)/share/man/man8/nft-xlat.8 >$(DESTDIR)/usr/share/man/man8/nft-xlat.8
	sed 's,$(PREFIX)/sbin/xlat,xlat,' $(ROOT)/share/man/man8/xlat.8 >$(DESTDIR)/usr/share/man/man8/xlat.8
	rm -r $(ROOT)/lib/systemd $(ROOT)/share
	ln -s nft-xlat.8 $(DESTDIR)/usr/share/man/man8/nft-xlat-check.8
	ln -s nft-xlat.8 $(DESTDIR)/usr/share/man/man8/nft-xlat-eam.8
	ln -s nft-xlat.8 $(DESTDIR)/usr/share/man/man8/xlat-device.8
	ln -sr $(ROOT)/sbin/nft $(DESTDIR)$(SBINDIR)/nft-xlat
	ln -sr $(ROOT)/sbin/nft-xlat-check $(ROOT)/sbin/nft-xlat-eam $(ROOT)/sbin/xlat-device $(ROOT)/sbin/xlat $(DESTDIR)$(SBINDIR)

uninstall: ## take away what install put there
	rm -f $(MODULES:%=$(UPDATES)/%.ko*) $(UPDATES)/tests/nf_xlat_*.ko*
	$(if $(IPLIB),rm -f $(DESTDIR)$(IPLIB)/link_xlat.so)
	$(if $(IPLIB),@! test -d $(DESTDIR)$(IPLIB) || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(IPLIB))
	@! test -d $(UPDATES) || find $(UPDATES) -depth -type d -empty -delete
	@! test -d $(UPDATES:/updates=) || depmod $(if $(DESTDIR),-b $(DESTDIR)) $(RELEASE)
	@cd $(DESTDIR)$(PREFIX) 2>/dev/null && test -e .nft-xlat || exit 0; \
		xargs rm -f .nft-xlat <.nft-xlat; find . -depth -type d -empty -delete
	@cd $(DESTDIR)$(PREFIX) 2>/dev/null || exit 0; \
		rm -f sbin/xlat-device sbin/xlat share/man/man8/xlat.8 lib/systemd/system/xlat[@-]*; \
		rmdir -p --ignore-fail-on-non-empty lib/systemd/system share/man/man8 sbin 2>/dev/null || :
	@! test -d $(DESTDIR)$(PREFIX) || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(PREFIX)

.PHONY: dkms-install dkms-uninstall
dkms-install: SRC = $(DESTDIR)/usr/src/nft-xlat-$(VERSION)
dkms-install: ## the modules by DKMS: for this kernel, and for those to come
	$(if $(DESTDIR),,$(HAVE_DKMS))
	$(if $(DESTDIR),,$(HAVE_KDIR))
	$(call needs_root,$(DESTDIR)/usr/src)
	$(if $(DESTDIR),,! dkms status nft-xlat/$(VERSION) | grep -q . || dkms remove nft-xlat/$(VERSION) --all)
	rm -rf $(SRC) && mkdir -p $(SRC)
	cp -r dkms.conf include kernel $(SRC)
	$(if $(DESTDIR),,@echo dkms install nft-xlat/$(VERSION) -k $(KVER); \
		dkms install nft-xlat/$(VERSION) -k $(KVER) || { mkdir -p $(BUILD); \
		cp /var/lib/dkms/nft-xlat/$(VERSION)/build/make.log $(BUILD)/dkms.log; \
		$(MAKE) --no-print-directory dkms-uninstall; \
		echo "dkms-install: failed, all of it is taken away again (build/dkms.log)"; exit 1; })

dkms-uninstall: ## take that away
	$(HAVE_DKMS)
	! dkms status nft-xlat/$(VERSION) | grep -q . || dkms remove nft-xlat/$(VERSION) --all
	rm -rf /usr/src/nft-xlat-$(VERSION)

.PHONY: dist deb
dist: ## the source as a tarball, into build/dist; REV=v0.1 packs that tag
	@tools/dist $(REV)

deb: ## Debian packages of the modules (DKMS), of nft and of docs, into build/deb
	@dpkg-checkbuilddeps packaging/debian/control || { echo "deb: apt-get build-dep ./packaging installs that"; exit 1; }
	@rm -rf $(BUILD)/deb
	@tools/deb $(BUILD)/deb $(DEBFLAGS)

# Of "sudo make demo": what it has built is its owner's, who may build the next.
give_back = rc=$$?; test $$(id -u) != 0 || find $(BUILD) -path $(BUILD)/fresh -prune -o \
	-user root -exec chown -h --reference=$(CURDIR) {} +; exit $$rc

demo: ## translation between three network namespaces, in a guest
	@trap : INT TERM; tests/demo; $(give_back)

check: ## every test once; T=name runs one, on all kernels
	@trap : INT TERM; set -f; tests/run $(T); $(give_back)

.PHONY: check-all
check-all: ## all tests on all kernels, packages, releases of nftables: hours
	@trap : INT TERM; tests/run -a; $(give_back)

.PHONY: check-packages
check-packages: ## what is installed, and by DKMS and dpkg as well; P=dkms runs one
	@tests/packages $(P)

.PHONY: check-fresh
check-fresh: ## README's commands on bare machines, in chroots; S=trixie for one suite
	@tests/fresh $(S)

.PHONY: check-releases
check-releases: ## the patches for each release of nftables; R=1.0.6 for one
	@tests/releases $(R)

check-quick: ## the tests that need no stock kernel
	@trap : INT TERM; set -f; K="host kunit uml" tests/run $(T); $(give_back)

.PHONY: bench
bench: ## figures into build/bench; B=name runs one, N=sessions
	@tests/bench $(B)

.PHONY: conformance
conformance: ## docs/conformance.md, from the last run of the tests
	@tools/conformance

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
