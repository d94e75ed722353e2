/** The fund, providers, companies and stakeholders' parties. */

export {
  ChangeCompanyIdentityInput,
  changeCompanyIdentity,
  IDENTITY_CAUSES,
  type IdentityCause,
  zJurisdiction,
} from './change-identity.ts'
export { type CompanyIdentity, insertCompany, insertIdentity, lockCompany } from './company.store.ts'
export { type CompanyView, companiesById, companyCount, companyNames, companyPage } from './company.views.ts'
export { CreateCompanyInput, createCompany } from './create-company.ts'
export { type IdentityView, identitiesOf, identityOn } from './identity.views.ts'
export { findInstallation, fundNames, type InstallationView, mustSeeInstallation } from './installation.views.ts'
export { insertPartyIdentity } from './party-identity.ts'
export { insertInstallation, insertProvider, markInstallationReady } from './provider.store.ts'
export { allProviders, type ProviderView, providersById } from './provider.views.ts'
export { mustSeeCompany, seesCompany, whereVisible } from './visibility.ts'
