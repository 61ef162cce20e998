# Makes the frozen values of src/portico/synthesis/reference/metafor_values.py:
#
#   Rscript tools/metafor_values.R > src/portico/synthesis/reference/metafor_values.py
#   ruff format src/portico/synthesis/reference/metafor_values.py
#
# Needs R with metafor, metadat, lme4, numDeriv and BiasedUrn (Debian: r-base-core r-cran-metafor r-cran-metadat r-cran-lme4
# r-cran-numderiv r-cran-biasedurn). Only numbers and the calls that made them are kept; no code or text of these packages.

suppressMessages({library(metafor); library(metadat)})
options(warn = 1)

# Optimisers are run to their end, so that the last digits are those of the model; sixteen halvings of the step, the
# default, bury the second derivatives of the hypergeometric model in the noise of its integrals.
exact <- list(glmerCtrl = list(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e6)),
              optCtrl = list(iter.max = 1000, eval.max = 1000), intCtrl = list(rel.tol = 1e-10, subdivisions = 2000L), hessianCtrl = list(r = 4))
tight <- list(threshold = 1e-12, maxiter = 10000, tol = 1e-12)
entries <- character()
clean <- function(x) gsub("\"", "\\\\\"", paste(trimws(x), collapse = " "))
freeze <- function(key, call, values) {
  call <- substitute(call)
  keep <- unlist(values(eval(call, parent.frame())))
  keep <- keep[!is.na(keep)]
  rows <- sprintf("            \"%s\": %s,", names(keep), formatC(keep, digits = 12, format = "g"))
  parts <- strwrap(clean(deparse(call, width.cutoff = 500)), 95)
  text <- paste0("\"", parts, c(rep(" ", length(parts) - 1), ""), "\"", collapse = "\n        ")
  entries <<- c(entries, sprintf("    \"%s\": Frozen(\n        %s,\n        {\n%s\n        },\n    ),",
                                 key, text, paste(rows, collapse = "\n")))
}

bare <- function(res) c(estimate = as.numeric(res$beta[1]), se = res$se[1], lo = res$ci.lb[1], hi = res$ci.ub[1])
one <- function(res) {
  out <- c(bare(res), statistic = res$zval, p = res$pval, tau2 = res$tau2, q = res$QE, q_p = res$QEp, i2 = res$I2,
           h2 = res$H2)
  if (res$method == "EE") return(out)
  ci <- confint(res, control = list(tol = 1e-12, maxiter = 10000, tau2.max = 1e6))$random
  pr <- predict(res)
  c(out, tau2_lo = ci[1, 2], tau2_hi = ci[1, 3], prediction_lo = pr$pi.lb, prediction_hi = pr$pi.ub)
}
higgins <- function(res) {
  half <- qt(.975, res$k - 2) * sqrt(res$tau2 + res$se^2)
  c(higgins_lo = as.numeric(res$beta) - half, higgins_hi = as.numeric(res$beta) + half)
}
regression <- function(res) {
  b <- as.numeric(res$beta); n <- seq_along(b) - 1
  c(setNames(b, paste0("b", n)), setNames(res$se, paste0("se", n)), setNames(res$pval, paste0("p", n)),
    setNames(res$ci.lb, paste0("lo", n)), setNames(res$ci.ub, paste0("hi", n)),
    tau2 = res$tau2, qm = res$QM, qm_p = res$QMp, qe = res$QE, qe_p = res$QEp, i2 = res$I2, h2 = res$H2)
}
asym <- function(res) c(statistic = as.numeric(res$zval), p = as.numeric(res$pval),
                        limit = as.numeric(res$est), limit_lo = as.numeric(res$ci.lb), limit_hi = as.numeric(res$ci.ub))
filled <- function(res) c(bare(res), tau2 = res$tau2, missing = res$k0, missing_se = res$se.k0, p_missing = res$p.k0)
tables <- function(res) c(bare(res), p = res$pval, q = res$QE, q_p = res$QEp)
mixed <- function(res) c(bare(res), tau2 = res$tau2)
series <- function(res) { n <- seq_along(res$estimate)
  c(setNames(res$estimate, paste0("estimate", n)), setNames(res$tau2, paste0("tau2_", n)), setNames(res$se, paste0("se", n))) }

# ---- BCG -------------------------------------------------------------------------------------------------------
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
freeze("bcg RR common", rma(yi, vi, data = bcg, method = "EE"), one)
freeze("bcg RR DL", rma(yi, vi, data = bcg, method = "DL"), one)
freeze("bcg RR PM", rma(yi, vi, data = bcg, method = "PM", control = tight), one)
freeze("bcg RR REML", rma(yi, vi, data = bcg, method = "REML", control = tight), function(r) c(one(r), higgins(r)))
freeze("bcg RR ML", rma(yi, vi, data = bcg, method = "ML", control = tight), one)
freeze("bcg RR DL KH", rma(yi, vi, data = bcg, method = "DL", test = "knha"), one)
freeze("bcg RR PM KH", rma(yi, vi, data = bcg, method = "PM", test = "knha", control = tight), one)
freeze("bcg RR REML KH", rma(yi, vi, data = bcg, method = "REML", test = "knha", control = tight),
       function(r) c(one(r), higgins(r)))
freeze("bcg RR REML adhoc", rma(yi, vi, data = bcg, method = "REML", test = "adhoc", control = tight), bare)
freeze("bcg OR REML", rma(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg, control = tight), one)
freeze("bcg RD DL", rma(measure = "RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg, method = "DL"), one)
freeze("bcg MH OR", rma.mh(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg), tables)
freeze("bcg MH RR", rma.mh(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg), tables)
freeze("bcg MH RD", rma.mh(measure = "RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg), tables)
freeze("bcg Peto", rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg), tables)
freeze("bcg trim and fill L0", trimfill(rma(yi, vi, data = bcg, control = tight)), filled)
freeze("bcg trim and fill R0", trimfill(rma(yi, vi, data = bcg, control = tight), estimator = "R0"), filled)
freeze("bcg trim and fill L0 DL", trimfill(rma(yi, vi, data = bcg, method = "DL")), filled)
freeze("bcg trim and fill L0 common", trimfill(rma(yi, vi, data = bcg, method = "EE")), filled)
freeze("bcg Egger lm", regtest(rma(yi, vi, data = bcg), model = "lm"), asym)
freeze("bcg Egger rma", regtest(rma(yi, vi, data = bcg, control = tight)), asym)
freeze("bcg Egger rma vi", regtest(rma(yi, vi, data = bcg, control = tight), predictor = "vi"), asym)
freeze("bcg Egger lm ni", regtest(rma(yi, vi, data = bcg), model = "lm", predictor = "ni"), asym)
freeze("bcg Egger lm ninv", regtest(rma(yi, vi, data = bcg), model = "lm", predictor = "ninv"), asym)
freeze("bcg Egger rma sqrtni", regtest(rma(yi, vi, data = bcg, control = tight), predictor = "sqrtni"), asym)
freeze("bcg Egger rma sqrtninv", regtest(rma(yi, vi, data = bcg, control = tight), predictor = "sqrtninv"), asym)
freeze("bcg Begg", ranktest(rma(yi, vi, data = bcg)), function(r) c(tau = as.numeric(r$tau), p = as.numeric(r$pval)))
freeze("bcg latitude REML", rma(yi, vi, mods = ~ablat, data = bcg, control = tight),
       function(r) { p <- predict(r, newmods = 30); c(regression(r), at30 = p$pred, at30_lo = p$ci.lb, at30_hi = p$ci.ub,
         at30_new_lo = p$pi.lb, at30_new_hi = p$pi.ub) })
freeze("bcg latitude REML KH", rma(yi, vi, mods = ~ablat, data = bcg, test = "knha", control = tight), regression)
freeze("bcg latitude DL", rma(yi, vi, mods = ~ablat, data = bcg, method = "DL"), regression)
freeze("bcg latitude PM", rma(yi, vi, mods = ~ablat, data = bcg, method = "PM", control = tight), regression)
freeze("bcg latitude ML", rma(yi, vi, mods = ~ablat, data = bcg, method = "ML", control = tight), regression)
freeze("bcg latitude common", rma(yi, vi, mods = ~ablat, data = bcg, method = "EE"), regression)
freeze("bcg latitude year REML KH", rma(yi, vi, mods = ~ablat + year, data = bcg, test = "knha", control = tight), regression)
freeze("bcg latitude R2", rma(yi, vi, mods = ~ablat, data = bcg, control = tight), function(r) c(r2 = r$R2))
freeze("bcg allocation common tau2", rma(yi, vi, mods = ~alloc, data = bcg, control = tight), function(r)
  c(qm = r$QM, qm_p = r$QMp, tau2 = r$tau2))
freeze("bcg allocation KH", rma(yi, vi, mods = ~alloc, data = bcg, test = "knha", control = tight), function(r)
  c(qm = r$QM, qm_p = r$QMp))
freeze("bcg allocation means", rma(yi, vi, mods = ~alloc - 1, data = bcg, control = tight), function(r)
  c(b = setNames(as.numeric(r$beta), 0:2), se = setNames(r$se, 0:2)))
freeze("bcg random only", rma(yi, vi, data = bcg, subset = alloc == "random", control = tight), one)
freeze("bcg leave one out", leave1out(rma(yi, vi, data = bcg, control = tight)), series)
freeze("bcg cumulative", cumul(rma(yi, vi, data = bcg, control = tight), order = bcg$trial), series)

# ---- head and neck trials --------------------------------------------------------------------------------------
pig <- transform(dat.pignon2000, yi = OmE / V, vi = 1 / V)
hr <- function(res) c(one(res), ratio = exp(as.numeric(res$beta)))
freeze("pignon all", rma(yi, vi, data = pig, method = "EE"), hr)
freeze("pignon adjuvant", rma(yi, vi, data = pig, method = "EE", subset = grp == 1), hr)
freeze("pignon neoadjuvant", rma(yi, vi, data = pig, method = "EE", subset = grp == 2), hr)
freeze("pignon concomitant", rma(yi, vi, data = pig, method = "EE", subset = grp == 3), hr)
freeze("pignon all REML KH", rma(yi, vi, data = pig, test = "knha", control = tight), one)
freeze("pignon Begg", ranktest(rma(yi, vi, data = pig)), function(r) c(tau = as.numeric(r$tau), p = as.numeric(r$pval)))

# ---- vasospasm: one data set, several answers ------------------------------------------------------------------
back <- function(f, ...) function(res) { p <- predict(res, transf = f, ...)
  c(bare(res), tau2 = res$tau2, natural = p$pred, natural_lo = p$ci.lb, natural_hi = p$ci.ub) }
freeze("pritz PR", rma(measure = "PR", xi = xi, ni = ni, data = dat.pritz1997, control = tight), back(function(x) x))
freeze("pritz PLO", rma(measure = "PLO", xi = xi, ni = ni, data = dat.pritz1997, control = tight), back(transf.ilogit))
freeze("pritz PAS", rma(measure = "PAS", xi = xi, ni = ni, data = dat.pritz1997, control = tight), back(transf.iarcsin))
freeze("pritz PFT", rma(measure = "PFT", xi = xi, ni = ni, data = dat.pritz1997, control = tight),
       back(transf.ipft.hm, targs = list(ni = dat.pritz1997$ni)))
freeze("pritz GLMM", rma.glmm(measure = "PLO", xi = xi, ni = ni, data = dat.pritz1997, nAGQ = 25, control = exact), function(r)
  c(mixed(r), natural = predict(r, transf = transf.ilogit)$pred))
freeze("pritz GLMM common", rma.glmm(measure = "PLO", xi = xi, ni = ni, data = dat.pritz1997, method = "EE"), function(r)
  c(bare(r), natural = predict(r, transf = transf.ilogit)$pred))

# ---- passive smoking -------------------------------------------------------------------------------------------
hack <- transform(dat.hackshaw1998, yi = log(or), vi = ((log(or.ub) - log(or.lb)) / (2 * qnorm(.975)))^2)
freeze("hackshaw DL", rma(yi, vi, data = hack, method = "DL"), one)
freeze("hackshaw REML KH", rma(yi, vi, data = hack, test = "knha", control = tight), one)
freeze("hackshaw PM", rma(yi, vi, data = hack, method = "PM", control = tight), one)
freeze("hackshaw Egger lm", regtest(rma(yi, vi, data = hack), model = "lm"), asym)
freeze("hackshaw Begg", ranktest(rma(yi, vi, data = hack)), function(r) c(tau = as.numeric(r$tau), p = as.numeric(r$pval)))
freeze("hackshaw trim and fill L0", trimfill(rma(yi, vi, data = hack, method = "EE")), filled)
freeze("hackshaw trim and fill R0", trimfill(rma(yi, vi, data = hack, method = "EE"), estimator = "R0"), filled)

# ---- stroke care, lidocaine ------------------------------------------------------------------------------------
freeze("normand MD REML", rma(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
       data = dat.normand1999, control = tight), one)
freeze("normand SMD REML", rma(measure = "SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
       data = dat.normand1999, control = tight), one)
freeze("normand mean DL", rma(measure = "MN", mi = m2i, sdi = sd2i, ni = n2i, data = dat.normand1999, method = "DL"), one)
freeze("hine RD REML", rma(measure = "RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989, control = tight), one)
freeze("hine RD common", rma(measure = "RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989, method = "EE"), one)
freeze("hine MH OR", rma.mh(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989), tables)
freeze("hine Peto", rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989), tables)

# ---- standard care ---------------------------------------------------------------------------------------------
freeze("debruin PR REML", rma(measure = "PR", xi = xi, ni = ni, data = dat.debruin2009, control = tight), one)
freeze("debruin PR scq ethnicity", rma(measure = "PR", xi = xi, ni = ni, mods = ~scq + ethnicity, data = dat.debruin2009,
       control = tight), regression)
freeze("debruin GLMM", rma.glmm(measure = "PLO", xi = xi, ni = ni, data = dat.debruin2009, nAGQ = 25, control = exact), mixed)

# ---- catheters -------------------------------------------------------------------------------------------------
freeze("nielweise OR REML", rma(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007,
       drop00 = TRUE, control = tight), one)
freeze("nielweise OR REML corrected", rma(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i,
       data = dat.nielweise2007, drop00 = FALSE, control = tight), one)
freeze("nielweise MH OR", rma.mh(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007), bare)
freeze("nielweise Peto", rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007), tables)
freeze("nielweise GLMM conditional", rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i,
       data = dat.nielweise2007, model = "CM.EL", control = exact), mixed)
freeze("nielweise GLMM study effects", rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i,
       data = dat.nielweise2007, model = "UM.FS", nAGQ = 25, control = exact), mixed)
freeze("nielweise 2008 IRR REML", rma(measure = "IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i,
       data = dat.nielweise2008, control = tight), one)
freeze("nielweise 2008 IRR GLMM", rma.glmm(measure = "IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i,
       data = dat.nielweise2008, model = "CM.EL", nAGQ = 25, control = exact), mixed)
freeze("nielweise 2008 IRLN REML", rma(measure = "IRLN", xi = x2i, ti = t2i, data = dat.nielweise2008, control = tight), one)
freeze("nielweise 2008 IR REML", rma(measure = "IR", xi = x2i, ti = t2i, data = dat.nielweise2008, control = tight), one)
freeze("nielweise 2008 IRLN GLMM", rma.glmm(measure = "IRLN", xi = x2i, ti = t2i, data = dat.nielweise2008, nAGQ = 25, control = exact), mixed)

# ---- base R ----------------------------------------------------------------------------------------------------
betabin <- function(x, n) {
  minus <- function(t) { m <- plogis(t[1]); r <- plogis(t[2]); s <- (1 - r) / r
    -sum(lchoose(n, x) + lbeta(x + m * s, n - x + (1 - m) * s) - lbeta(m * s, (1 - m) * s)) }
  fit <- optim(c(qlogis(sum(x) / sum(n)), -2), minus, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))
  fit <- optim(fit$par, minus, method = "BFGS", control = list(reltol = 1e-15), hessian = FALSE)
  h <- numDeriv::hessian(minus, fit$par)
  c(estimate = fit$par[1], se = sqrt(solve(h)[1, 1]), rho = plogis(fit$par[2]), height = -fit$value)
}
freeze("pritz beta-binomial", betabin(dat.pritz1997$xi, dat.pritz1997$ni), identity)
freeze("debruin beta-binomial", betabin(dat.debruin2009$xi, dat.debruin2009$ni), identity)
freeze("two proportions", power.prop.test(p1 = 0.108, p2 = 0.046, power = 0.8, sig.level = 0.05, tol = 1e-12), function(r) c(n = r$n))
bed <- data.frame(bed = c(28, 39, 48, 51.3, 52.8, 60, 72, 81.6), x = c(14, 21, 3, 20, 6, 10, 6, 1),
                  n = c(31, 88, 40, 75, 52, 44, 37, 24), study = c(1, 2, 2, 3, 4, 5, 5, 6))
freeze("dose response logistic", lme4::glmer(cbind(x, n - x) ~ bed + (1 | study), data = bed, family = binomial,
       nAGQ = 25, control = lme4::glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))),
       function(r) c(b0 = lme4::fixef(r)[[1]], b1 = lme4::fixef(r)[[2]], se0 = sqrt(vcov(r)[1, 1]),
                     se1 = sqrt(vcov(r)[2, 2]), tau = as.numeric(lme4::getME(r, "theta"))))

version <- paste0("R ", getRversion(), ", metafor ", packageVersion("metafor"), ", lme4 ", packageVersion("lme4"))
cat("\"\"\"Values computed by R, frozen, each with the call that made it. Made by tools/metafor_values.R; do not edit.\n\n",
    "Made with ", version, ".\n\"\"\"\n\nfrom __future__ import annotations\n\n",
    "from dataclasses import dataclass\nfrom typing import Final\n\n__all__ = [\"FROZEN\", \"MADE_WITH\", \"Frozen\"]\n\n",
    "MADE_WITH: Final = \"", version, "\"\n\n\n",
    "@dataclass(frozen=True, slots=True)\nclass Frozen:\n",
    "    \"\"\"The call in R, and its values by name; intervals at 95 %.\"\"\"\n\n    call: str\n    values: dict[str, float]\n\n\n",
    "FROZEN: Final[dict[str, Frozen]] = {\n", paste(entries, collapse = "\n"), "\n}\n", sep = "")
