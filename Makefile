# SPDX-License-Identifier: GPL-2.0
# The parts do the work (kernel/Kbuild, tools/build-nft, tests/run, tests/lab);
# this file names them.  C=1 and W=1 reach the kernel's build.

KVER   ?= $(shell uname -r)
KDIR   ?= /lib/modules/$(KVER)/build
# Never /usr: a patched nft stands beside the distribution's, not over it.
PREFIX ?= /opt/nft-xlat
DESTDIR ?=

BUILD   := $(CURDIR)/build
KBUILD  := $(BUILD)/host/kernel
RELEASE  = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODULES := nf_xlat nf_xlat_ct nft_xlat
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
HAVE_KDIR = @test -e $(KDIR)/Makefile || { \
	echo "modules: no kernel headers in $(KDIR) (install linux-headers-$(KVER), or give KDIR=)"; exit 1; }

.PHONY: all modules nft conntrack install uninstall demo check check-quick clean help

all: nft modules ## the modules and the patched nft

# Objects land beside the sources: links to them keep kernel/ clean.
modules: ## the modules, against KDIR
	$(HAVE_KDIR)
	@mkdir -p $(KBUILD) && cp -rsfT $(CURDIR)/kernel $(KBUILD)
	@ln -sfnT $(CURDIR)/include $(BUILD)/host/include
	@find $(KBUILD) -xtype l -delete
	$(MAKE) -C $(KDIR) M=$(KBUILD) modules

nft: ## nft with the xlat statement, into build/prefix
	@tools/build-nft $(BUILD)/prefix || { s=$$?; test $$s = 77 && \
		echo "nft: not built, for want of its source or tools; going on without"; }

conntrack: ## conntrack that prints sessions of two families, into build/prefix
	@tools/build-conntrack $(BUILD)/prefix || { s=$$?; test $$s = 77 && \
		echo "conntrack: not built, for want of its source or tools"; }

install: modules ## modules to updates/, the nft that was built to PREFIX
	$(MAKE) -C $(KDIR) M=$(KBUILD) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates modules_install
	depmod $(if $(DESTDIR),-b $(DESTDIR)) $(RELEASE)
	@if test -x $(BUILD)/prefix/sbin/nft; then $(MAKE) --no-print-directory install-nft; \
	else echo "nft: not built, so not installed (make nft)"; fi

# The list of what was put there is what uninstall takes away.
.PHONY: install-nft
install-nft: STAGE = $(BUILD)/stage
install-nft: PREBUILT = $(BUILD)/prefix
install-nft:
	@case $(PREFIX) in / | /usr | /usr/local) \
		echo "nft: with its library in $(PREFIX)/lib every nft would be this one"; exit 1 ;; esac
	@test -e $(DESTDIR)$(PREFIX)/.nft-xlat || ! test -e $(DESTDIR)$(PREFIX)/sbin/nft || { \
		echo "nft: $(PREFIX)/sbin/nft is not ours, choose another PREFIX"; exit 1; }
	@rm -rf $(STAGE) && mkdir -p $(STAGE)/lib/systemd/system $(STAGE)/share/man/man8
	@cp -dR $(PREBUILT)/sbin $(PREBUILT)/lib $(STAGE)
	@install packaging/nft-xlat-check $(STAGE)/sbin
	@sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/nft-xlat.service >$(STAGE)/lib/systemd/system/nft-xlat.service
	@sed 's,/opt/nft-xlat,$(PREFIX),g' packaging/nft-xlat.8 >$(STAGE)/share/man/man8/nft-xlat.8
	@cd $(STAGE) && find * ! -type d >.nft-xlat
	mkdir -p $(DESTDIR)$(PREFIX)
	cp -dR --preserve=mode $(STAGE)/. $(DESTDIR)$(PREFIX)
	@echo "nft: $(PREFIX)/sbin/nft"

uninstall: ## take away what install put there
	$(HAVE_KDIR)
	cd $(DESTDIR)/lib/modules/$(RELEASE) && \
		rm -f $(MODULES:%=updates/%.ko*) updates/tests/nf_xlat_*.ko* && \
		find updates -depth -type d -empty -delete
	depmod $(if $(DESTDIR),-b $(DESTDIR)) $(RELEASE)
	@cd $(DESTDIR)$(PREFIX) 2>/dev/null && test -e .nft-xlat || exit 0; \
		xargs rm -f .nft-xlat <.nft-xlat; find . -depth -type d -empty -delete; \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(PREFIX)

.PHONY: dkms-install dkms-uninstall
dkms-install: SRC = $(DESTDIR)/usr/src/nft-xlat-$(VERSION)
dkms-install: ## the modules by DKMS: for this kernel, and for those to come
	$(if $(DESTDIR),,! dkms status nft-xlat/$(VERSION) | grep -q . || dkms remove nft-xlat/$(VERSION) --all)
	rm -rf $(SRC) && mkdir -p $(SRC)
	cp -r dkms.conf include kernel $(SRC)
	$(if $(DESTDIR),,dkms install nft-xlat/$(VERSION))

dkms-uninstall: ## take that away
	dkms remove nft-xlat/$(VERSION) --all
	rm -rf /usr/src/nft-xlat-$(VERSION)

# Beside the checkout's own build/, which the package is not to begin with.
.PHONY: deb
deb: DEB = $(BUILD)/deb/nft-xlat-$(VERSION)
deb: ## Debian packages of the modules (DKMS) and of nft, into build/deb
	@rm -rf $(BUILD)/deb && mkdir -p $(DEB)
	@tar -c --exclude=./build --exclude=./.git . | tar -x -C $(DEB)
	@cp -r packaging/debian $(DEB)
	@printf 'nft-xlat (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n' $(VERSION) \
		"See the history of the source." "$$(sed -n 's/^Maintainer: //p' packaging/debian/control)" \
		"$$(date -R)" >$(DEB)/debian/changelog
	cd $(DEB) && MAKEFLAGS= dpkg-buildpackage -b -us -uc
	@ls $(BUILD)/deb/*.deb

demo: ## translation between three network namespaces, in a guest
	tests/demo

check: ## every test once; T=name runs one, on all kernels
	@set -f; tests/run $(T)

.PHONY: check-all
check-all: ## all tests on all kernels, packages, releases of nftables: hours
	@tests/run -a

.PHONY: check-packages
check-packages: ## what is installed, and by DKMS and dpkg as well; P=dkms runs one
	@tests/packages $(P)

.PHONY: check-releases
check-releases: ## the patches for each release of nftables; R=1.0.6 for one
	@tests/releases $(R)

check-quick: ## the tests that need no stock kernel
	@set -f; K="host kunit uml" tests/run $(T)

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
