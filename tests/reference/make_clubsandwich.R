# Cluster-robust standard errors by clubSandwich and hat values by lme4. Run in this folder: Rscript make_clubsandwich.R
suppressMessages({library(lme4); library(clubSandwich); library(jsonlite)})
data <- read.csv("data/sleepstudy_unbalanced.csv"); data$Subject <- factor(data$Subject)
data$w <- 0.5 + (seq_len(nrow(data)) %% 4) / 2
data$late <- as.numeric(as.integer(data$Subject) %% 3 == 0)   # a covariate between groups
tight <- lmerControl(optCtrl=list(ftol_abs=1e-14, xtol_abs=1e-12, maxeval=1e6))
one <- function(formula) {
  m <- lmer(formula, data, control=tight); v <- vcovCR(m, type="CR2")
  htz <- Wald_test(m, constrain_zero(2:length(fixef(m))), vcov=v, test="HTZ")   # all but the intercept
  list(F=htz$Fstat, df_denom=htz$df_denom, formula=deparse1(formula), se=unname(sqrt(diag(as.matrix(v)))), covariance=unname(as.matrix(v)),
       df=coef_test(m, vcov=v, test="Satterthwaite")$df, hat=unname(hatvalues(m)))
}
weighted <- lmer(Reaction ~ Days + (Days | Subject), data, weights=w, control=tight)
out <- list(versions=lapply(list(R=getRversion(), lme4=packageVersion("lme4"),
                                 clubSandwich=packageVersion("clubSandwich")), as.character),
  slope=one(Reaction ~ Days + (Days | Subject)), intercept=one(Reaction ~ Days + (1 | Subject)),
  between=one(Reaction ~ Days * late + (Days | Subject)), weighted=list(hat=unname(hatvalues(weighted))))
write(toJSON(out, digits=NA, auto_unbox=TRUE), "clubsandwich.json")
